/** The table of segments: which id of which layer is which structure, and how far it is. */
import type { Segment } from '../annotation'
import { orderOf } from '../structure'
import { sameSegment, type SegmentKey } from './desk'
import type { StepKind } from './kind'

export type SegmentChange = SegmentKey & { readonly [Field in 'structure' | 'status' | 'colour' | 'locked' | 'instance']?: Segment[Field] | null }

export interface SegmentsStep {
  readonly kind: 'segments'
  readonly set: readonly SegmentChange[]
  readonly remove: readonly SegmentKey[]
}

export const segmentsKind: StepKind<SegmentsStep> = {
  kind: 'segments',
  opened: ({ segments }) => ({ segments }),
  apply: (desk, step) => {
    const gone = (segment: SegmentKey) => step.remove.some((key) => sameSegment(key, segment))
    const segments = desk.view.segments.filter((segment) => !gone(segment)).map((segment) => merged(segment, step.set.find((change) => sameSegment(change, segment))))
    for (const change of step.set) {
      if (segments.some((segment) => sameSegment(segment, change)) || !change.structure) continue
      segments.push(merged({ id: change.id, layer: change.layer, structure: change.structure, status: 'edited' }, change))
    }
    const { active } = desk.view
    desk.set({ segments, active: active && segments.some((segment) => sameSegment(segment, active)) ? active : null })
    desk.allMasksChanged()
  },
  inverse: (desk, step) => {
    const set: SegmentChange[] = []
    const remove: SegmentKey[] = []
    for (const change of step.set) {
      const before = desk.segment(change)
      if (!before) remove.push({ id: change.id, layer: change.layer })
      else set.push({ id: change.id, layer: change.layer, ...Object.fromEntries(Object.keys(change).filter((name) => name !== 'id' && name !== 'layer').map((name) => [name, before[name as keyof Segment] ?? null])) })
    }
    for (const key of step.remove) {
      const before = desk.segment(key)
      if (before) set.push(before)
    }
    return { kind: 'segments', set, remove }
  },
  write: (_, step) => ({ fields: { set: step.set, remove: step.remove }, bodies: [] }),
  read: (_, json) => {
    const { set = [], remove = [] } = json as { set?: SegmentChange[]; remove?: SegmentKey[] }
    return { kind: 'segments', set, remove }
  },
  towards: (desk, { segments }) => {
    const set = segments.filter((segment) => JSON.stringify(desk.segment(segment)) !== JSON.stringify(segment))
    const remove = desk.view.segments.filter((segment) => !segments.some((other) => sameSegment(other, segment))).map(({ id, layer }) => ({ id, layer }))
    return set.length || remove.length ? { kind: 'segments', set, remove } : null
  },
}

const merged = (segment: Segment, change: SegmentChange | undefined): Segment => {
  if (!change) return segment
  return Object.fromEntries(Object.entries({ ...segment, ...change }).filter(([, value]) => value !== null)) as unknown as Segment
}

/** The lowest id that no segment of a layer has; null where all 255 are taken. */
export const freeId = (segments: readonly Segment[], layer: string): number | null => {
  const used = new Set(segments.filter((segment) => segment.layer === layer).map((segment) => segment.id))
  return Array.from({ length: 255 }, (_, i) => i + 1).find((id) => !used.has(id)) ?? null
}

/** From head to feet, then layer by layer. */
export const orderedSegments = (segments: readonly Segment[]): Segment[] => [...segments].sort((a, b) => orderOf(a.structure) - orderOf(b.structure) || a.layer.localeCompare(b.layer) || a.id - b.id)

/** The first structure that steps are about and that is there: what to go on with once they were taken back. */
export const segmentTouched = (steps: readonly { readonly kind: string }[], segments: readonly Segment[]): SegmentKey | null => {
  const keys = steps.flatMap((step) => {
    if (step.kind === 'segments') return [...(step as SegmentsStep).set, ...(step as SegmentsStep).remove]
    const { segment: id, layer } = step as { segment?: number; layer?: string }
    return step.kind === 'patch' && id !== undefined && layer !== undefined ? [{ id, layer }] : []
  })
  const found = keys.find((key) => segments.some((segment) => sameSegment(segment, key)))
  return found ? { id: found.id, layer: found.layer } : null
}
