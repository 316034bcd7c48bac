import { sidesOf, splitFar, swapIds, type CutPlane } from '@/geometry/instances'
import type { LabelmapEdit } from '@/geometry/labelmap'
import type { Body } from '@/geometry/numbering'
import type { Vec3 } from '@/geometry/vector'
import type { Segment } from '@/state/annotation'
import { freeId, patchOf, replaceId, type PatchStep, type SegmentKey, type Step } from '@/state/session'
import { nameOf, neighbourOf } from '@/state/structure'
import { pickTool, splitTool } from '@/viewer/tools/instances'
import type { RoomCore } from './core'
import type { Masks } from './masks'

/** Splitting, merging and swapping whole instances: in every series that holds them, as one step. */
export class Instances {
  constructor(
    private readonly core: RoomCore,
    private readonly masks: Masks,
  ) {
    const { tools } = core.viewer
    tools.add(splitTool((stack, plane) => this.split(stack, plane)))
    tools.add(pickTool('merge', 'merge this into the active one', (stack, index) => this.withOther(stack, index, (active, other) => this.merge(active, other))))
    tools.add(pickTool('swap', 'swap this with the active one', (stack, index) => this.withOther(stack, index, (active, other) => this.swap(active, other))))
  }

  /** The active segment, unless it may not be changed; then it is said. */
  private activeOn(stack: string): Segment | null {
    const target = this.masks.target(stack)
    if ('refused' in target) {
      this.core.notices.notify('Nothing changed', target.refused, 'attn')
      return null
    }
    return this.core.session.segment({ id: target.segment, layer: target.layer }) ?? null
  }

  /** The patch of a change on every stack that holds the layer. */
  private patches(key: SegmentKey, tool: string, change: (edit: LabelmapEdit, stack: string) => void): PatchStep[] {
    const { session } = this.core
    return session.getView().manifests.flatMap(({ stack }) => {
      const labelmap = session.labelmap(stack, key.layer)
      const patch = labelmap && patchOf(labelmap, (edit) => change(edit, stack))
      return patch?.size ? [{ kind: 'patch' as const, stack, layer: key.layer, segment: key.id, tool, patch }] : []
    })
  }

  private split(stack: string, plane: CutPlane): void {
    const { session, viewer, notices } = this.core
    const segment = this.activeOn(stack)
    const labelmap = segment && session.labelmap(stack, segment.layer)
    const grid = viewer.gridOf(stack)
    if (!segment || !labelmap || !grid) return
    const name = nameOf(segment.structure)
    const { near, far } = sidesOf(labelmap, grid, segment.id, plane)
    if (!near || !far) {
      notices.notify('Nothing split', `The line does not go through ${name}.`, 'info')
      return
    }
    const { segments, structures } = session.getView()
    const part = freeId(segments, segment.layer)
    if (part === null) return
    // the smaller part is the new one
    const cut = far <= near ? plane : { point: plane.point, normal: plane.normal.map((value) => -value) as unknown as Vec3 }
    const taken = new Set(segments.map((each) => each.structure))
    const isBelow = cut.normal[2] < 0
    const structure = [neighbourOf(segment.structure, isBelow ? 1 : -1), neighbourOf(segment.structure, isBelow ? -1 : 1)].find((code) => code !== null && structures.has(code) && !taken.has(code)) ?? segment.structure
    const patches = this.patches(segment, 'split', (edit, each) => {
      const other = viewer.gridOf(each)
      if (other && viewer.frameOf(each) === viewer.frameOf(stack)) splitFar(edit, other, segment.id, part, cut)
    })
    const key = { id: part, layer: segment.layer }
    const ladder = this.ladderWith((bodies) => {
      const at = bodies.findIndex((body) => body.segment === segment.id)
      if (at === -1) return null
      const fresh: Body = { id: `b${part}-${Date.now().toString(36)}`, name: null, segment: part, disc: null, point: null, unsure: false }
      return bodies.toSpliced(isBelow ? at + 1 : at, 0, fresh)
    })
    session.perform(`${name} split`, [{ kind: 'segments', set: [{ ...key, structure, status: 'edited' }, { id: segment.id, layer: segment.layer, status: 'edited' }], remove: [] }, ...patches, ...ladder])
    session.activate(key)
    notices.notify(`${name} split`, structure === segment.structure ? 'the new part has the same name; name it in the rail.' : `the new part is called ${nameOf(structure)}; name it in the rail if it is another.`, 'ok', 'undo')
  }

  private withOther(stack: string, index: Vec3, act: (active: Segment, other: Segment) => void): void {
    const { session, notices } = this.core
    const active = this.activeOn(stack)
    if (!active) return
    const [slice, row, column] = index.map(Math.round) as [number, number, number]
    const id = session.labelmap(stack, active.layer)?.at(slice, row, column) ?? 0
    const other = session.segment({ id, layer: active.layer })
    if (!other || id === active.id) notices.notify('Nothing changed', id === active.id ? `This is ${nameOf(active.structure)} itself: click on the other one.` : 'There is no other instance here.', 'info')
    else if (session.isLocked(other)) notices.notify(`${nameOf(other.structure)} kept`, 'It is accepted or locked. Open it again to change it.', 'attn')
    else act(active, other)
  }

  private merge(active: Segment, other: Segment): void {
    const patches = this.patches(active, 'merge', (edit) => replaceId(edit, other.id, active.id))
    const ladder = this.ladderWith((bodies) => {
      if (!bodies.some((body) => body.segment === other.id)) return null
      const isThere = bodies.some((body) => body.segment === active.id)
      return isThere ? bodies.filter((body) => body.segment !== other.id) : bodies.map((body) => (body.segment === other.id ? { ...body, segment: active.id } : body))
    })
    const label = `${nameOf(other.structure)} merged into ${nameOf(active.structure)}`
    this.core.session.perform(label, [...patches, { kind: 'segments', set: [{ id: active.id, layer: active.layer, status: 'edited' }], remove: [{ id: other.id, layer: other.layer }] }, ...ladder])
    this.core.notices.notify(label, 'takes it back.', 'ok', 'undo')
  }

  private swap(active: Segment, other: Segment): void {
    const patches = this.patches(active, 'swap', (edit) => swapIds(edit, active.id, other.id))
    const label = `${nameOf(active.structure)} and ${nameOf(other.structure)} swapped`
    const set = [active, other].map(({ id, layer }) => ({ id, layer, status: 'edited' as const }))
    this.core.session.perform(label, [...patches, { kind: 'segments', set, remove: [] }])
    this.core.notices.notify(label, 'takes it back.', 'ok', 'undo')
  }

  /** The step that keeps a written ladder in agreement with the instances; nothing while no ladder is written. */
  private ladderWith(change: (bodies: readonly Body[]) => readonly Body[] | null): Step[] {
    const { ladder } = this.core.session.getView()
    const bodies = ladder.bodies.length ? change(ladder.bodies) : null
    return bodies ? [{ kind: 'ladder', fields: { action: 'set', ladder: { bodies: [...bodies], variant: ladder.variant, evidence: ladder.evidence, unsure: ladder.unsure } } }] : []
  }
}
