/** Which picture hangs where when a case opens. */
import type { StackManifest } from '@/geometry/stack'
import type { PaneSpec, PaneView } from '@/viewer/pane'
import { taskHangings, type Asked } from './protocols'

export interface Hanging {
  readonly name: string
  /** The large picture first, then those beside it, at most two. */
  readonly panes: readonly PaneSpec[]
}

const wanted = (manifest: StackManifest): number => {
  const words = (manifest.description ?? '').toLowerCase()
  if (/stir|tirm|fs\b|fatsat/.test(words)) return 2
  if (/t2/.test(words)) return 0
  if (/t1/.test(words)) return 1
  return 3
}

const pane = (id: string, manifest: StackManifest, view: PaneView): PaneSpec => ({ id, stack: manifest.stack, view: view === manifest.plane ? 'stack' : view })

/**
 * Stacks are read in the plane they were made in. A volume also gives the planes that no series of the case shows; where there
 * are several series, each hangs as itself, sagittal first, since that is where levels are counted. Then come the tasks of the
 * protocol, each with its own panes.
 */
export const hangingsOf = (manifests: readonly StackManifest[], asked: Asked = { tasks: [], forms: null }): Hanging[] => {
  const readable = manifests.filter((manifest) => manifest.slices.length > 0)
  const ranked = [...readable].sort((a, b) => Number(a.plane !== 'sagittal') - Number(b.plane !== 'sagittal') || wanted(a) - wanted(b) || b.slices.length - a.slices.length)
  const [first] = ranked
  if (!first) return []
  const series = ranked.map((lead) => ({ name: lead.description ?? lead.modality, panes: around(lead, ranked) })).sort((a, b) => Number(b.panes[0]?.stack === first.stack) - Number(a.panes[0]?.stack === first.stack))
  const tasks = taskHangings(ranked, asked)
  // what is segmented comes first; a protocol without it begins with its own task
  return asked.tasks.length && !asked.tasks.includes('segmentation') ? [...tasks, ...series] : [...series.slice(0, 1), ...tasks, ...series.slice(1)]
}

const around = (lead: StackManifest, ranked: readonly StackManifest[]): PaneSpec[] => {
  const isFine = lead.geometry !== null && lead.kind === 'volume'
  const isCt = lead.modality === 'CT' && isFine
  const panes: PaneSpec[] = [isCt ? pane('large', lead, 'sagittal') : { id: 'large', stack: lead.stack, view: 'stack' }]
  const others = ranked.filter((manifest) => manifest.stack !== lead.stack)
  const sister = others.find((manifest) => manifest.plane === lead.plane)
  const across = others.find((manifest) => manifest.plane !== lead.plane)
  const side: PaneSpec[] = []
  if (isCt) side.push(pane('side-1', lead, 'axial'), pane('side-2', lead, 'coronal'))
  else {
    if (sister) side.push({ id: 'side-1', stack: sister.stack, view: 'stack' })
    if (across) side.push({ id: `side-${side.length + 1}`, stack: across.stack, view: 'stack' })
    for (const view of ['axial', 'coronal', 'sagittal'] as const) {
      if (side.length < 2 && isFine && view !== lead.plane && across?.plane !== view) side.push(pane(`side-${side.length + 1}`, lead, view))
    }
  }
  return [...panes, ...side.slice(0, 2)]
}

export const viewName = (manifest: StackManifest | undefined, spec: PaneSpec): string => {
  if (!manifest) return ''
  const series = manifest.description ?? manifest.modality
  const plane = spec.view === 'stack' ? manifest.plane : spec.view
  return `${series}${plane === 'unknown' || series.toLowerCase().includes(plane) ? '' : ` ${plane}`}`
}
