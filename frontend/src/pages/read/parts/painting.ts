import { fillBetween } from '@/geometry/between'
import { fillHoles } from '@/geometry/holes'
import { keepLargest } from '@/geometry/islands'
import type { LabelmapEdit } from '@/geometry/labelmap'
import type { Vec3 } from '@/geometry/vector'
import { patchOf, segmentTouched, type Moved } from '@/state/session'
import { nameOf } from '@/state/structure'
import type { PaintedPatch } from '@/viewer/tools/host'
import type { ToolName } from '@/viewer/tools'
import type { RoomCore } from './core'
import type { Masks } from './masks'
import type { Panes } from './panes'
import type { RoomView } from './view'

const SMALLEST = 0.25
const LARGEST = 40

/** The tool in hand, the brush, and everything that changes a mask in one step. */
export class Painting {
  private readonly radii: Partial<Record<ToolName, number>> = { brush: 2, erase: 3 }

  constructor(
    private readonly core: RoomCore,
    private readonly masks: Masks,
    private readonly panes: Panes,
  ) {}

  setTool(tool: ToolName): void {
    this.core.store.set({ tool, radius: this.radii[tool] ?? this.core.store.get().radius })
    this.core.viewer.setTool(tool)
    this.core.viewer.layers.redraw() // some are drawn for one tool alone
    this.applyBrush()
  }

  resizeBrush(steps: number): void {
    this.setRadius(this.core.store.get().radius + steps * 0.25)
  }

  /** In mm; kept for the tool in hand. */
  setRadius(mm: number): void {
    const radius = Math.max(SMALLEST, Math.min(LARGEST, Math.round(mm * 4) / 4))
    this.radii[this.core.store.get().tool] = radius
    this.core.store.set({ radius })
    this.applyBrush()
  }

  setSphere(isSphere: boolean): void {
    this.core.store.set({ isSphere })
    this.applyBrush()
  }

  /** Paint only values like those around the middle of the window, or everything again. */
  toggleRange(): void {
    if (this.core.store.get().range) {
      this.setRange(null)
      return
    }
    const window = this.panes.state(this.core.store.get().activePane)?.window
    if (window) this.setRange([Math.round(window.center - window.width / 4), Math.round(window.center + window.width / 2)])
  }

  setRange(range: RoomView['range']): void {
    this.core.store.set({ range })
    this.applyBrush()
  }

  setScissors(change: Partial<RoomView['scissors']>): void {
    const scissors = { ...this.core.store.get().scissors, ...change }
    this.core.viewer.scissors = scissors
    this.core.store.set({ scissors })
  }

  setOverwrite(overwrite: RoomView['overwrite']): void {
    this.core.store.set({ overwrite })
  }

  private applyBrush(): void {
    const { radius, isSphere, range } = this.core.store.get()
    this.core.viewer.setBrush({ radius, isSphere, range })
  }

  /** A stroke is on the mask: enter it into the log. */
  painted(patch: PaintedPatch): void {
    const segment = this.core.session.segment({ id: patch.segment, layer: patch.layer })
    this.core.session.painted({ kind: 'patch', ...patch }, `${nameOf(segment?.structure ?? '')} ${patch.tool}`)
  }

  refused(reason: string, ids: readonly number[]): void {
    const { active, segments } = this.core.session.getView()
    const names = ids.map((id) => nameOf(segments.find((segment) => segment.id === id && segment.layer === active?.layer)?.structure ?? ''))
    this.core.notices.notify(names.length ? `${names.join(', ')} kept` : 'Nothing painted', names.length ? this.core.store.get().overwrite === 'none' ? 'Only background is painted; change it beside the brush.' : 'Accepted, locked or hidden structures are not painted over.' : reason, 'attn')
  }

  undo(): void {
    this.moved(this.core.session.undo())
  }

  redo(): void {
    this.moved(this.core.session.redo())
  }

  private moved(moved: Moved | null): void {
    if (!moved) return
    const { act, isUndo } = moved
    const { active, segments } = this.core.session.getView()
    const touched = active ? null : segmentTouched(act.steps, segments)
    if (touched) this.core.session.activate(touched)
    const step = act.steps.find((each) => each.kind === 'patch')
    const slice = step ? this.core.viewer.showPatch(step.stack, this.core.session.manifest(step.stack)?.columns ?? 1, step.patch) : null
    this.core.notices.notify(`${isUndo ? 'Undone' : 'Redone'}: ${act.label}${slice === null ? '' : `, slice ${slice + 1}`}`, isUndo ? 'brings it back.' : 'takes it back.', 'ok', isUndo ? 'redo' : 'undo')
  }

  /** Work on the active structure in the series of the active pane, as one step to undo. `act` says what came of it. */
  work(label: string, tool: string, act: (edit: LabelmapEdit, segment: number, spacing: Vec3) => string | null): void {
    const { session, viewer, notices } = this.core
    const stack = this.panes.activeStack
    const target = this.masks.target(stack)
    const grid = viewer.gridOf(stack)
    if ('refused' in target || !grid) {
      notices.notify('Nothing changed', 'refused' in target ? target.refused : 'No image is open.', 'attn')
      return
    }
    const said: { text: string | null } = { text: null }
    const patch = patchOf(target.labelmap, (edit) => {
      said.text = act(edit, target.segment, grid.geometry.spacing)
    }, target.mayOverwrite)
    if (!patch.size) {
      notices.notify('Nothing changed', said.text ?? 'There is nothing to do here.', 'info')
      return
    }
    session.change(label, [{ kind: 'patch', stack, layer: target.layer, segment: target.segment, tool, patch }])
    viewer.showPatch(stack, session.manifest(stack)?.columns ?? 1, patch)
    notices.notify(label, said.text ?? 'takes it back.', 'ok', said.text === null ? 'undo' : null)
  }

  private get activeName(): string {
    const { active } = this.core.session.getView()
    const segment = active && this.core.session.segment(active)
    return segment ? nameOf(segment.structure) : ''
  }

  keepLargest(): void {
    this.work(`${this.activeName}: largest part kept`, 'islands', (edit, segment) => {
      const gone = keepLargest(edit, segment)
      return gone ? `${gone} smaller ${gone === 1 ? 'part' : 'parts'} erased. Ctrl Z brings them back.` : 'It is in one part already.'
    })
  }

  fillHoles(): void {
    const { activePane } = this.core.store.get()
    const pane = this.core.viewer.planeOf(activePane)
    this.work(`${this.activeName}: holes filled`, 'fill-holes', (edit, segment) => {
      const filled = pane ? fillHoles(edit, segment, pane.axis, pane.slice) : 0
      return filled ? `${filled} voxels filled. Ctrl Z takes it back.` : 'It encloses nothing in space, nor on the slice that shows.'
    })
  }

  fillBetween(): void {
    this.work(`${this.activeName}: filled between slices`, 'interpolation', (edit, segment, spacing) => {
      const filled = fillBetween(edit, segment, spacing)
      return filled ? `${filled} ${filled === 1 ? 'slice' : 'slices'} drawn. Ctrl Z takes it back.` : 'It has no gap: draw it on two slices with empty ones between them.'
    })
  }
}
