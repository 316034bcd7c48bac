import type { SegmentKey, SessionView } from '@/state/session'
import { colourOf, isVertebra, nameOf } from '@/state/structure'
import type { MaskLayer, SegmentStyle } from '@/viewer/masks'
import type { PaintTarget } from '@/viewer/tools/host'
import { segmentName } from '../doubts'
import type { RoomCore } from './core'

/** How the masks look, and which of them the next stroke would change. */
export class Masks {
  private layers: MaskLayer[] = []
  private reference: readonly MaskLayer[] = []
  private readonly styles = new Map<string, SegmentStyle | null>()
  private shown: Pick<SessionView, 'segments' | 'active' | 'structures'> | null = null

  constructor(private readonly core: RoomCore) {}

  /** The session changed: draw anew what looks different now. */
  takeUp(): void {
    const { segments, active, structures } = this.core.session.getView()
    if (this.shown?.segments === segments && this.shown.active === active && this.shown.structures === structures) return
    this.shown = { segments, active, structures }
    this.restyle()
  }

  restyle(): void {
    this.styles.clear()
    this.core.viewer.redrawAll()
  }

  changed(stack: string): void {
    const { session, viewer } = this.core
    if (this.layers.length !== session.labelmaps.size || this.layers.some((mask) => session.labelmap(mask.stack, mask.layer) !== mask.labelmap)) this.show()
    viewer.redrawStack(stack)
  }

  private show(): void {
    this.layers = [...this.core.session.labelmaps].map(([key, labelmap]) => {
      const [stack = '', layer = ''] = key.split('/')
      return { stack, layer, labelmap, style: (id) => this.style(layer, id) }
    })
    this.core.viewer.setMasks([...this.layers, ...this.reference])
  }

  /** Masks that are only compared with, drawn over the reader's own. */
  compare(reference: readonly MaskLayer[]): void {
    this.reference = reference
    this.show()
  }

  private style(layer: string, id: number): SegmentStyle | null {
    const name = segmentName({ layer, id })
    const known = this.styles.get(name)
    if (known !== undefined) return known
    const { active, structures } = this.core.session.getView()
    const { hidden, sureness } = this.core.store.get()
    const segment = this.core.session.segment({ layer, id })
    const isActive = active?.id === id && active.layer === layer
    const style: SegmentStyle | null = segment
      ? {
          colour: segment.colour ?? colourOf(segment.structure, structures.get(segment.structure)?.category),
          name: nameOf(segment.structure, structures),
          isVisible: !hidden.has(name),
          isActive,
          isProposal: segment.status === 'proposed',
          isDoubtful: segment.status === 'proposed' && sureness.doubts.some((doubt) => segmentName(doubt) === name),
          hasChip: isVertebra(segment.structure) || isActive,
        }
      : null
    this.styles.set(name, style)
    return style
  }

  colourOf(key: SegmentKey): string | undefined {
    return this.style(key.layer, key.id)?.colour
  }

  /** What a tool would write into on this stack, or why it may not. */
  target = (stack: string): PaintTarget | { refused: string } => {
    const { session, store } = this.core
    const { active, phase, save, segments } = session.getView()
    const { hidden, overwrite } = store.get()
    if (phase.kind === 'read-only') return { refused: 'This case is open for reading only.' }
    if (save.kind === 'conflict') return { refused: 'Settle the conflict first; what you drew is kept.' }
    if (phase.kind !== 'ready') return { refused: 'The case is not open yet.' }
    if (!active) return { refused: 'Choose a structure first: Q and W, or the list.' }
    const segment = session.segment(active)
    const labelmap = session.labelmap(stack, active.layer)
    if (!segment || !labelmap) return { refused: 'The mask of this series is not loaded.' }
    const name = nameOf(segment.structure)
    if (session.isLocked(active)) return { refused: `${name} is accepted. Open it again to change it.` }
    if (hidden.has(segmentName(active))) return { refused: `${name} is hidden. Show it to change it.` }
    const isKept = (each: SegmentKey) => session.isLocked(each) || overwrite === 'none' || (overwrite === 'visible' && hidden.has(segmentName(each)))
    const locked = new Set(segments.filter((each) => each.layer === active.layer && each.id !== active.id && isKept(each)).map((each) => each.id))
    return { labelmap, layer: active.layer, segment: active.id, colour: this.style(active.layer, active.id)?.colour ?? '#9aa2aa', mayOverwrite: (id) => !locked.has(id) }
  }

  showAtAll(areMasksShown: boolean): void {
    this.core.store.set({ areMasksShown })
    this.core.viewer.setOptions({ areMasksShown })
  }

  changeFill(by: number): void {
    const fill = Math.max(0, Math.min(0.8, Math.round((this.core.store.get().fill + by) * 100) / 100))
    this.core.store.set({ fill })
    this.core.viewer.setOptions({ fill })
  }

  toggleHidden(key: SegmentKey): void {
    const hidden = new Set(this.core.store.get().hidden)
    const name = segmentName(key)
    if (!hidden.delete(name)) hidden.add(name)
    this.core.store.set({ hidden })
    this.restyle()
  }
}
