/** Which pictures hang where for a task: the panes of `viewer.md`'s table, made of what the case has. */
import type { StackManifest } from '@/geometry/stack'
import type { PaneSpec, PaneView } from '@/viewer/pane'
import type { Hanging } from './hanging'

/** What a protocol asks of its readers: tasks of its recipe, and the forms in use (null: all of them). */
export interface Asked {
  readonly tasks: readonly string[]
  readonly forms: readonly string[] | null
}

const STENOSIS = ['rsna_canal', 'rsna_foraminal', 'rsna_subarticular', 'schizas', 'lee_canal', 'lee_foraminal']
const DISCS = ['pfirrmann', 'modic', 'disc_contour', 'endplate_change']
const FRACTURES = ['genant']

interface Series {
  readonly find: (plane: string, words?: RegExp) => StackManifest | undefined
  readonly lead: StackManifest
  readonly all: readonly StackManifest[]
}

type Wanted = readonly (readonly [StackManifest | undefined, PaneView | 'stack'])[]

const WORDS = { t2: /t2(?!\*)/i, t1: /t1/i, localizer: /loc|scout|scano|topo|survey/i, lateral: /lat|seit|profil/i }
const isFatFree = (manifest: StackManifest): boolean => /stir|tirm|\bfs\b|fatsat/i.test(manifest.description ?? '')

const seriesOf = (lead: StackManifest, all: readonly StackManifest[]): Series => ({
  all,
  lead,
  find: (plane, words) => {
    const there = all.filter((manifest) => manifest.plane === plane)
    const named = words ? there.filter((manifest) => words.test(manifest.description ?? '')) : there
    return named.find((manifest) => !isFatFree(manifest)) ?? named[0] ?? (words ? undefined : there[0])
  },
})

const isVolume = (manifest: StackManifest | undefined): manifest is StackManifest => manifest?.geometry !== null && manifest?.kind === 'volume'
const isLateral = (manifest: StackManifest): boolean => ['A', 'P'].includes(manifest.patientOrientation?.[0]?.[0] ?? '') || WORDS.lateral.test(manifest.description ?? '')
const films = ({ all }: Series) => all.filter((manifest) => ['CR', 'DX', 'RF', 'XA'].includes(manifest.modality))

const hung = (name: string, wanted: Wanted): Hanging | null => {
  const panes: PaneSpec[] = []
  for (const [manifest, view] of wanted) {
    if (!manifest || (view !== 'stack' && view !== manifest.plane && !isVolume(manifest))) continue
    const spec: PaneSpec = { id: panes.length ? `side-${panes.length}` : 'large', stack: manifest.stack, view: view === manifest.plane ? 'stack' : view }
    if (!panes.some((pane) => pane.stack === spec.stack && pane.view === spec.view)) panes.push(spec)
  }
  return panes.length ? { name, panes: panes.slice(0, 3) } : null
}

const levels = (series: Series): Hanging | null => {
  const { find, lead, all } = series
  const sagittal = find('sagittal', WORDS.t2) ?? find('sagittal') ?? (isVolume(lead) ? lead : undefined)
  const localizer = all.find((manifest) => WORDS.localizer.test(manifest.description ?? '')) ?? all.find((manifest) => manifest !== sagittal && manifest.plane === 'sagittal')
  return sagittal ? hung('Levels', [[sagittal, 'sagittal'], [localizer, 'stack'], [find('coronal') ?? sagittal, 'coronal']]) : null
}

const cobb = (series: Series): Hanging | null => {
  const film = films(series).find((manifest) => !isLateral(manifest))
  if (film) return hung('Cobb', [[film, 'stack']])
  const volume = series.find('coronal') ?? series.all.find((manifest) => manifest.modality === 'CT' && isVolume(manifest))
  return volume ? hung('Cobb', [[volume, 'coronal'], [volume, 'sagittal']]) : null
}

const balance = (series: Series): Hanging | null => {
  const lateral = films(series).find(isLateral)
  return lateral ? hung('Sagittal balance', [[lateral, 'stack'], [films(series).find((manifest) => manifest !== lateral), 'stack']]) : null
}

const stenosis = ({ find, lead }: Series): Hanging | null => {
  const axial = find('axial', WORDS.t2) ?? find('axial')
  const sagittal = find('sagittal', WORDS.t2) ?? find('sagittal')
  if (lead.modality !== 'MR' || (!axial && !isVolume(sagittal))) return null
  return hung('Stenosis', [axial ? [axial, 'stack'] : [sagittal, 'axial'], [sagittal, 'stack'], [find('sagittal', WORDS.t1), 'stack']])
}

const discs = ({ find, lead }: Series): Hanging | null => (lead.modality === 'MR' && find('sagittal') ? hung('Discs', [[find('sagittal', WORDS.t2) ?? find('sagittal'), 'stack'], [find('sagittal', WORDS.t1), 'stack']]) : null)

const fractures = ({ find, lead, all }: Series): Hanging | null => {
  const film = films({ find, lead, all }).find(isLateral)
  const picture = film ?? (lead.modality === 'CT' && isVolume(lead) ? lead : find('sagittal', WORDS.t1) ?? find('sagittal'))
  return picture ? hung('Fractures', [[picture, film ? 'stack' : 'sagittal']]) : null
}

/** The hangings of the tasks a protocol asks for, in the order of a reading; a task for which the case has no picture is left out. */
export const taskHangings = (ranked: readonly StackManifest[], { tasks, forms }: Asked): Hanging[] => {
  const [lead] = ranked
  if (!lead) return []
  const series = seriesOf(lead, ranked)
  const asksFor = (codes: readonly string[]): boolean => tasks.includes('grading') && (forms === null || codes.some((code) => forms.includes(code)))
  const wanted: readonly (readonly [boolean, (series: Series) => Hanging | null])[] = [
    [tasks.includes('levels'), levels],
    [tasks.includes('measurement'), cobb],
    [tasks.includes('measurement'), balance],
    [asksFor(STENOSIS), stenosis],
    [asksFor(DISCS), discs],
    [asksFor(FRACTURES), fractures],
  ]
  return wanted.flatMap(([isAsked, make]) => (isAsked ? (make(series) ?? []) : []))
}
