/** What a reader does to a structure: choose, add, accept, open again, reject, change. */
import type { Segment } from '../annotation'
import { nameOf } from '../structure'
import { sameSegment, type Desk, type SegmentKey } from './desk'
import type { Step } from './kinds'
import type { OperationLog } from './log'
import { patchOf, replaceId, type PatchStep } from './patches'
import { freeId, orderedSegments } from './segments'

export class Structures {
  constructor(
    private readonly desk: Desk,
    private readonly log: OperationLog,
  ) {}

  activate(key: SegmentKey | null): void {
    this.desk.set({ active: key })
  }

  activateFirst(): void {
    const first = orderedSegments(this.desk.view.segments)[0]
    if (first) this.activate({ id: first.id, layer: first.layer })
  }

  /** The structure before or after the active one, from head to feet. */
  activateNext(by: 1 | -1): Segment | null {
    const { active, segments } = this.desk.view
    const ordered = orderedSegments(segments)
    const at = ordered.findIndex((segment) => active && sameSegment(segment, active))
    const next = ordered[at === -1 ? 0 : Math.max(0, Math.min(ordered.length - 1, at + by))]
    if (next) this.activate({ id: next.id, layer: next.layer })
    return next ?? null
  }

  /** Make a segment for a structure that has none yet, and go on with it. */
  add(code: string): SegmentKey | null {
    const { structures, segments } = this.desk.view
    const structure = structures.get(code)
    if (!structure) return null
    const known = segments.find((segment) => segment.structure === code && segment.layer === structure.layer)
    if (known) {
      this.activate({ id: known.id, layer: known.layer })
      return known
    }
    const id = freeId(segments, structure.layer)
    if (id === null) return null
    const key = { id, layer: structure.layer }
    this.log.perform(`${nameOf(code)} added`, [{ kind: 'segments', set: [{ ...key, structure: code, status: 'edited' }], remove: [] }])
    this.activate(key)
    return key
  }

  accept(key: SegmentKey): void {
    const segment = this.desk.segment(key)
    if (!segment || segment.status === 'accepted') return
    this.log.perform(`${nameOf(segment.structure)} accepted`, [{ kind: 'segments', set: [{ ...key, status: 'accepted' }], remove: [] }])
  }

  acceptAll(keys: readonly SegmentKey[]): void {
    const open = keys.filter((key) => this.desk.segment(key)?.status !== 'accepted')
    if (open.length) this.log.perform(`${open.length} structures accepted`, [{ kind: 'segments', set: open.map((key) => ({ id: key.id, layer: key.layer, status: 'accepted' as const })), remove: [] }])
  }

  /** Lock a structure against every tool, or let it be changed again. */
  setLocked(key: SegmentKey, locked: boolean): void {
    const segment = this.desk.segment(key)
    if (segment && (segment.locked ?? false) !== locked) this.log.perform(`${nameOf(segment.structure)} ${locked ? 'locked' : 'unlocked'}`, [{ kind: 'segments', set: [{ ...key, locked }], remove: [] }])
  }

  /** Open an accepted structure for change again. */
  reopen(key: SegmentKey): void {
    const segment = this.desk.segment(key)
    if (!segment || !this.desk.isLocked(key)) return
    this.log.perform(`${nameOf(segment.structure)} opened again`, [{ kind: 'segments', set: [{ ...key, status: 'edited', locked: false }], remove: [] }])
  }

  /** Take a structure out: its voxels in every stack, then its entry. One step to undo. */
  reject(key: SegmentKey): void {
    const segment = this.desk.segment(key)
    if (!segment) return
    const steps: Step[] = []
    if (this.desk.isLocked(key)) steps.push({ kind: 'segments', set: [{ ...key, status: 'edited', locked: false }], remove: [] })
    for (const manifest of this.desk.view.manifests) {
      const labelmap = this.desk.labelmap(manifest.stack, key.layer)
      const patch = labelmap && patchOf(labelmap, (edit) => replaceId(edit, key.id, 0))
      if (patch?.size) steps.push({ kind: 'patch', stack: manifest.stack, layer: key.layer, segment: key.id, tool: 'reject', patch })
    }
    steps.push({ kind: 'segments', set: [], remove: [{ id: key.id, layer: key.layer }] })
    this.log.perform(`${nameOf(segment.structure)} rejected`, steps)
  }

  /** Change voxels by one patch per stack: what was a proposal is now a person's. */
  change(label: string, patches: readonly PatchStep[]): void {
    const touched = new Set(patches.map((patch) => `${patch.layer} ${patch.segment ?? 0}`))
    const proposed = this.desk.view.segments.filter((segment) => segment.status === 'proposed' && touched.has(`${segment.layer} ${segment.id}`))
    const set = proposed.map(({ id, layer }) => ({ id, layer, status: 'edited' as const }))
    this.log.perform(label, [...patches, ...(set.length ? [{ kind: 'segments' as const, set, remove: [] }] : [])])
  }
}
