import { locate } from '@/geometry/locate'
import type { Vec3 } from '@/geometry/vector'
import { uncertaintyGet } from '@/state/annotation'
import { orderedSegments, type SegmentKey } from '@/state/session'
import { nameOf } from '@/state/structure'
import { NOTHING_KNOWN, segmentName, surenessOf, type Doubt } from '../doubts'
import type { RoomCore } from './core'
import type { Masks } from './masks'
import type { Panes } from './panes'

/** From structure to structure and from doubt to doubt, the pictures coming along. */
export class Walk {
  private isLoading = false

  constructor(
    private readonly core: RoomCore,
    private readonly masks: Masks,
    private readonly panes: Panes,
  ) {}

  /** Fetch what lies beside the proposal, once it is known that there is one. */
  takeUp(): void {
    const { manifests, segments, case: info } = this.core.session.getView()
    if (info?.proposal && info.readingMode === 'ai_first' && this.core.store.get().sureness === NOTHING_KNOWN && segments.length && manifests.length) void this.load(info.proposal)
  }

  private async load(revision: string): Promise<void> {
    if (this.isLoading) return
    this.isLoading = true
    try {
      const json = await uncertaintyGet(revision)
      if (json === null) return
      const { segments, manifests } = this.core.session.getView()
      this.core.store.set({ sureness: surenessOf(json, segments, manifests) })
      this.masks.restyle()
    } catch {
      // the proposal is there without its doubts; painting goes on
    }
  }

  /** Choose a structure and show it where it is seen best. */
  choose(key: SegmentKey, zoomMm?: number): void {
    this.core.session.activate(key)
    this.show(key, zoomMm)
  }

  nextStructure(by: 1 | -1): void {
    const next = this.core.session.activateNext(by)
    if (next) this.show(next)
  }

  show(key: SegmentKey, zoomMm?: number, preferred?: { stack: string; slice: number | null }): void {
    const { session, viewer, store } = this.core
    const order = [preferred?.stack, this.panes.activeStack, ...store.get().panes.map((pane) => pane.stack)].filter((stack) => stack !== undefined)
    for (const stack of order) {
      const labelmap = session.labelmap(stack, key.layer)
      const place = labelmap && ((preferred?.stack === stack && preferred.slice !== null ? locate(labelmap, key.id, preferred.slice) : null) ?? locate(labelmap, key.id))
      if (!place || !viewer.isInView(stack)) continue
      const index: Vec3 = [place.slice, place.row, place.column]
      viewer.focus(stack, index, zoomMm)
      return
    }
  }

  /** Doubtful places that nobody has settled: worst first. */
  openDoubts(): Doubt[] {
    return this.core.store.get().sureness.doubts.filter((doubt) => this.core.session.segment(doubt)?.status === 'proposed')
  }

  nextDoubt(by: 1 | -1): void {
    const { session, store, notices } = this.core
    const { sureness, doubt: now, visited } = store.get()
    const { doubts } = sureness
    if (!doubts.length) {
      notices.notify('Nothing doubtful', 'The model marked no place of this case as doubtful.', 'info')
      return
    }
    // before the first look, backwards begins at the end
    const at = now === -1 && by < 0 ? doubts.length - 1 : now + by
    const wrapped = at < 0 || at >= doubts.length
    const next = (at + doubts.length) % doubts.length
    const doubt = doubts[next]
    if (!doubt) return
    store.set({ doubt: next, visited: new Set(visited).add(segmentName(doubt)) })
    session.activate({ id: doubt.id, layer: doubt.layer })
    this.show(doubt, 110, { stack: doubt.stack, slice: doubt.slice })
    if (wrapped) notices.notify(by > 0 ? 'That was the last one' : 'That was the first one', by > 0 ? 'Back at the most doubtful place.' : 'On to the least doubtful place.', 'info')
  }

  /** Accept the active structure and go to the next thing that needs a look. */
  acceptAndNext(): void {
    const { session, notices } = this.core
    const { active } = session.getView()
    if (!session.canWrite) return
    if (active) session.accept(active)
    if (this.toFirstOpenDoubt()) return
    const rest = orderedSegments(session.getView().segments)
    const at = rest.findIndex((segment) => segment.id === active?.id && segment.layer === active.layer)
    const next = [...rest.slice(at + 1), ...rest.slice(0, at)].find((segment) => segment.status !== 'accepted')
    if (next) this.choose({ id: next.id, layer: next.layer })
    else notices.notify('Every structure is accepted', 'Submit the case when you are done.', 'ok')
  }

  /** Lock the active structure against every tool, or unlock it. */
  toggleLock(): void {
    const { session, notices } = this.core
    const { active } = session.getView()
    const segment = active && session.segment(active)
    if (!segment || !session.canWrite) return
    if (segment.status === 'accepted') notices.notify('It is accepted', 'Open it again to change it; accepted structures are locked.', 'info')
    else session.setLocked({ id: segment.id, layer: segment.layer }, !(segment.locked ?? false))
  }

  /** Take away the active structure, say how it comes back, and go to the next doubtful place. */
  rejectActive(): void {
    const { session, notices } = this.core
    const { active } = session.getView()
    const segment = active && session.segment(active)
    if (!segment || !session.canWrite) return
    session.reject(active)
    notices.notify(`${nameOf(segment.structure)} ${segment.status === 'proposed' ? 'rejected' : 'removed'}`, 'brings it back.', 'ok', 'undo')
    this.toFirstOpenDoubt()
  }

  /** Go to the worst place that nobody has settled; false where there is none. */
  private toFirstOpenDoubt(): boolean {
    const { store } = this.core
    const open = this.openDoubts()[0]
    if (!open) return false
    store.set({ doubt: store.get().sureness.doubts.indexOf(open) - 1 })
    this.nextDoubt(1)
    return true
  }
}
