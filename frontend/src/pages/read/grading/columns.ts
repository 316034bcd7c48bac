/** What is graded together: the columns of a grid, whose rows are the levels. */
import { sitesOf, type Form, type FormValue, type Grade, type Grades } from '@/geometry/grades'
import type { Body } from '@/geometry/numbering'
import { nameOf } from '@/state/structure'

export interface Column {
  readonly form: Form
  /** What follows the body's id in a site. */
  readonly part: string
  readonly title: string
}

export interface Row {
  readonly body: Body
  /** "L4/5" for what lies at a disc, "L4" for a vertebra. */
  readonly name: string
}

export interface Task {
  readonly id: 'stenosis' | 'discs' | 'bodies' | 'more'
  readonly label: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

const PLAN: readonly { readonly id: Task['id']; readonly label: string; readonly columns: readonly (readonly [form: string, part: string, title: string])[] }[] = [
  {
    id: 'stenosis',
    label: 'Stenosis',
    columns: [
      ['rsna_canal', '/disc', 'Canal'],
      ['rsna_subarticular', '/disc/right', 'Sub R'],
      ['rsna_subarticular', '/disc/left', 'Sub L'],
      ['rsna_foraminal', '/disc/right', 'For R'],
      ['rsna_foraminal', '/disc/left', 'For L'],
    ],
  },
  {
    id: 'discs',
    label: 'Discs',
    columns: [
      ['pfirrmann', '/disc', 'Pfirrmann'],
      ['modic', '/disc/upper', 'Modic up'],
      ['modic', '/disc/lower', 'Modic low'],
    ],
  },
  {
    id: 'bodies',
    label: 'Bodies',
    columns: [
      ['genant', '', 'Genant'],
      ['meyerding', '', 'Meyerding'],
    ],
  },
  {
    id: 'more',
    label: 'More',
    columns: [
      ['schizas', '/disc', 'Schizas'],
      ['lee_canal', '/disc', 'Lee canal'],
      ['lee_foraminal', '/disc/right', 'Lee R'],
      ['lee_foraminal', '/disc/left', 'Lee L'],
      ['disc_contour', '/disc', 'Contour'],
      ['endplate_change', '/disc/upper', 'Plate up'],
      ['endplate_change', '/disc/lower', 'Plate low'],
    ],
  },
]

/** The tasks of a case: the forms in use that suit its pictures, at the levels of its ladder. */
export const tasksOf = (forms: readonly Form[], bodies: readonly Body[]): Task[] => {
  const byCode = new Map(forms.map((form) => [form.code, form]))
  return PLAN.flatMap(({ id, label, columns: planned }) => {
    const columns = planned.flatMap(([code, part, title]) => {
      const form = byCode.get(code)
      return form ? [{ form, part, title }] : []
    })
    if (!columns.length) return []
    const sites = new Set(columns.flatMap(({ form }) => sitesOf(form, bodies).map((site) => site.split('/')[0])))
    const rows = bodies.filter((body) => sites.has(body.id)).map((body) => ({ body, name: id === 'bodies' ? nameOf(body.name ?? '?') : body.name ? nameOf(`IVD_${body.name}`) : '?' }))
    return [{ id, label, columns, rows }]
  })
}

export const siteOf = (row: Row, column: Column): string => `${row.body.id}${column.part}`

/** Whether the form is answered at this level. */
export const applies = (row: Row, column: Column, bodies: readonly Body[]): boolean => sitesOf(column.form, bodies).includes(siteOf(row, column))

export const gradeAt = (grades: Grades, row: Row, column: Column): Grade | null => grades[column.form.code]?.[siteOf(row, column)] ?? null

export const answerOf = (form: Form, value: string): FormValue | null => form.values.find((each) => each.value === value) ?? null

/** What stands in a cell: the key for forms whose words are long, else the label. */
export const shortOf = (form: Form, value: string): string => {
  if (value === 'not_assessable') return '–'
  if (value === 'not_present') return '×'
  const answer = answerOf(form, value)
  return answer ? (answer.label.length <= 3 ? answer.label : (answer.key ?? answer.label)) : value
}

/** "L4/5 Canal stenosis, left". */
export const cellName = (form: Form, site: string, bodies: readonly Body[]): string => {
  const [id, ...parts] = site.split('/')
  const body = bodies.find((each) => each.id === id)
  const level = body?.name ? nameOf(parts[0] === 'disc' ? `IVD_${body.name}` : body.name) : 'A level'
  const side = parts.at(-1)
  return `${level} ${form.title}${side && side !== 'disc' ? `, ${side}` : ''}`
}

/** The answer that means nothing is wrong. */
export const normalOf = (form: Form): string | null => form.values[0]?.value ?? null
