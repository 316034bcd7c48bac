/**
 * Grades: a form's answer at a site of the spine. An untouched site is "not graded", never "normal". The twin of
 * `annotation/geometry/grades.py`: sites hang on the ladder's bodies by their id, so a renumbering moves them along.
 */
import { Refused, type Body } from './numbering'

export interface FormValue {
  readonly value: string
  readonly label: string
  readonly text: string
  readonly key?: string
}

export interface FormModifier {
  readonly code: string
  readonly title: string
  readonly values: readonly { readonly value: string; readonly label: string }[]
}

export interface Form {
  readonly code: string
  readonly title: string
  readonly scope: 'study' | 'vertebra' | 'disc' | 'disc_side' | 'endplate'
  readonly ordinal: boolean
  readonly levels?: readonly string[]
  readonly modalities: readonly string[]
  readonly source: string
  readonly values: readonly FormValue[]
  readonly modifiers?: readonly FormModifier[]
}

export interface Grade {
  readonly value: string
  readonly modifiers: Readonly<Record<string, string>>
  /** A proposal is hollow until a person sets the cell. */
  readonly status: 'proposed' | 'confirmed'
  readonly by?: string | null
  readonly at?: string
}

export type Grades = Readonly<Record<string, Readonly<Record<string, Grade>>>>

export interface Cell {
  readonly form: string
  readonly site: string
}

export interface GradeSet extends Cell {
  readonly value: string
  readonly modifiers?: Readonly<Record<string, string>>
  readonly status?: Grade['status']
}

export interface GradesFields {
  readonly set?: readonly GradeSet[]
  readonly clear?: readonly Cell[]
}

/** Answers that every form has besides its own. */
export const SPECIAL: readonly string[] = ['not_assessable', 'not_present']

/** Scope of a form → what follows the body's id in its sites. */
export const PARTS: Readonly<Record<Form['scope'], readonly string[]>> = {
  study: [''],
  vertebra: [''],
  disc: ['/disc'],
  disc_side: ['/disc/left', '/disc/right'],
  endplate: ['/disc/upper', '/disc/lower'],
}

type LadderBody = Pick<Body, 'id' | 'name' | 'disc'>

/** The sites at which a form is answered, down the spine. A disc lies below every body but the lowest, which has one where the ladder says so. */
export const sitesOf = (form: Form, bodies: readonly LadderBody[]): string[] => {
  if (form.scope === 'study') return ['study']
  return bodies.flatMap((body, index) => {
    const isBetween = index + 1 < bodies.length || body.disc !== null
    const isLevel = !form.levels?.length || (body.name !== null && form.levels.includes(body.name))
    return isLevel && (form.scope === 'vertebra' || isBetween) ? PARTS[form.scope].map((part) => `${body.id}${part}`) : []
  })
}

/** The cells that nobody has confirmed, form by form. */
export const missingOf = (forms: readonly Form[], bodies: readonly LadderBody[], grades: Grades): Cell[] =>
  forms.flatMap((form) =>
    sitesOf(form, bodies)
      .filter((site) => grades[form.code]?.[site]?.status !== 'confirmed')
      .map((site) => ({ form: form.code, site })),
  )

export interface GradesOutcome {
  readonly grades: Grades
  /** The fields of an operation that takes it back. */
  readonly was: { readonly set: GradeSet[]; readonly clear: Cell[] }
}

/** The grades after an operation; throws Refused for what a form or the ladder does not know. */
export const gradesApply = (grades: Grades, operation: GradesFields, forms: ReadonlyMap<string, Form>, bodies: ReadonlySet<string>, at = ''): GradesOutcome => {
  const table: Record<string, Record<string, Grade>> = Object.fromEntries(Object.entries(grades).map(([code, cells]) => [code, { ...cells }]))
  const was: GradesOutcome['was'] = { set: [], clear: [] }
  const remember = (form: string, site: string): void => {
    const before = table[form]?.[site]
    if (before) was.set.push({ form, site, value: before.value, modifiers: before.modifiers, status: before.status })
    else was.clear.push({ form, site })
  }
  for (const sent of operation.set ?? []) {
    const form = cellForm(sent, forms, bodies)
    remember(form.code, sent.site)
    table[form.code] = { ...table[form.code], [sent.site]: answerOf(form, sent, at) }
  }
  for (const sent of operation.clear ?? []) {
    const form = cellForm(sent, forms, bodies)
    if (!table[form.code]?.[sent.site]) continue
    remember(form.code, sent.site)
    table[form.code] = Object.fromEntries(Object.entries(table[form.code] ?? {}).filter(([site]) => site !== sent.site))
  }
  const kept = Object.entries(table).filter(([, cells]) => Object.keys(cells).length > 0)
  return { grades: Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))), was }
}

const cellForm = (sent: Cell, forms: ReadonlyMap<string, Form>, bodies: ReadonlySet<string>): Form => {
  const form = forms.get(sent.form)
  if (!form) throw new Refused('unknown_value', `${sent.form} is not a form of this protocol.`)
  const [body = '', ...rest] = sent.site.split('/')
  const part = rest.length ? `/${rest.join('/')}` : ''
  const isGood = form.scope === 'study' ? sent.site === 'study' : bodies.has(body) && PARTS[form.scope].includes(part)
  if (!isGood) throw new Refused('unknown_site', `${form.title} is not answered at ${sent.site}.`)
  return form
}

const answerOf = (form: Form, sent: GradeSet, at: string): Grade => {
  if (!SPECIAL.includes(sent.value) && !form.values.some((each) => each.value === sent.value)) throw new Refused('unknown_value', `${sent.value} is no answer of ${form.title}.`)
  const modifiers = sent.modifiers ?? {}
  for (const [name, answer] of Object.entries(modifiers)) {
    const allowed = form.modifiers?.find((each) => each.code === name)?.values.some((choice) => choice.value === answer)
    if (!allowed) throw new Refused('unknown_value', `${form.title} has other modifiers.`)
  }
  return { value: sent.value, modifiers: { ...modifiers }, status: sent.status === 'proposed' ? 'proposed' : 'confirmed', by: sent.status === 'proposed' ? null : 'you', at }
}
