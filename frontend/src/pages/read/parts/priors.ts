import { dot, type Vec3 } from '@/geometry/vector'
import type { StackManifest } from '@/geometry/stack'
import { manifestGet, priorsGet, regionGet, type PriorStudy } from '@/state/annotation'
import { checkedFrames } from '@/state/frames'
import type { PaneState } from '@/viewer/pane'
import { intervalWords } from '../interval'
import type { RoomCore } from './core'

/** A series of an earlier study as it hangs beside the case. */
export interface PriorShown {
  readonly manifest: StackManifest
  readonly interval: string
}

const PANE = 'prior'

/** The slice of an earlier series at the same share of its extent, seen from the same side; null where it looks another way. */
export const priorSlice = (now: { readonly slice: number; readonly count: number; readonly normal: Vec3 }, then: { readonly count: number; readonly normal: Vec3 }): number | null => {
  const along = dot(now.normal, then.normal)
  if (Math.abs(along) < 0.9) return null
  const share = now.count > 1 ? now.slice / (now.count - 1) : 0.5
  return Math.round((along > 0 ? share : 1 - share) * (then.count - 1))
}

/** Earlier studies of the same subject, one at a time beside the current one: looked at, never drawn on. */
export class Priors {
  private found: Promise<readonly PriorStudy[]> | null = null
  /** Which of the earlier studies shows; none while -1. */
  private at = -1

  constructor(private readonly core: RoomCore) {}

  /** Hang the newest earlier study, then the one before it, and at last none again. */
  async next(): Promise<void> {
    const { session, notices, store } = this.core
    const studies = await (this.found ??= priorsGet(session.caseId))
    if (!studies.length) {
      this.found = null
      notices.notify('No earlier study', 'This project has no earlier study of this subject with a known day.', 'info')
      return
    }
    // another hanging took the earlier study away: the same one comes again
    if (this.at >= 0 && !store.get().panes.some(({ id }) => id === PANE)) this.at -= 1
    this.at += 1
    const study = studies[this.at]
    if (!study) {
      this.at = -1
      this.unhang()
      notices.notify('Earlier studies put away', `${studies.length} ${studies.length === 1 ? 'is' : 'are'} there.`, 'info')
      return
    }
    const manifest = await this.fetch(study)
    if (!manifest) {
      notices.notify('The earlier study cannot be shown', 'None of its series could be loaded. Reading goes on without it.', 'attn')
      return
    }
    const interval = intervalWords(study.days_before)
    store.set({ priors: new Map(store.get().priors).set(manifest.stack, { manifest, interval }) })
    this.core.viewer.addStack(manifest, checkedFrames(manifest, manifest.region))
    this.hang(manifest.stack)
    notices.notify(`Earlier study, ${interval}`, `${this.at + 1} of ${studies.length}. It is for looking only; it scrolls along by relative position.`, 'info')
  }

  /** The series most like the one that hangs large. */
  private async fetch(study: PriorStudy): Promise<StackManifest | null> {
    const { session, store } = this.core
    const large = session.manifest(store.get().panes[0]?.stack ?? '')
    const likeness = (stack: PriorStudy['stacks'][number]): number =>
      4 * Number(stack.modality === large?.modality) + 2 * Number(stack.plane === large?.plane) + Number(sequenceOf(stack.description) === sequenceOf(large?.description ?? ''))
    for (const stack of [...study.stacks].sort((a, b) => likeness(b) - likeness(a))) {
      try {
        const [manifest, region] = await Promise.all([manifestGet(stack.id), regionGet(stack.id, stack.region)])
        return { description: stack.description, ...manifest, region }
      } catch {
        // the next best series may still be there
      }
    }
    return null
  }

  private hang(stack: string): void {
    const { store } = this.core
    const own = store.get().panes.filter(({ id }) => id !== PANE)
    store.set({ panes: [...own.slice(0, 2), { id: PANE, stack, view: 'stack', isReadOnly: true }] })
  }

  private unhang(): void {
    const { store } = this.core
    const { hangings, hanging } = store.get()
    store.set({ panes: hangings[hanging]?.panes ?? [] })
  }

  /** A picture of the case moved on: the earlier one follows by relative position where it looks the same way. */
  follow(paneId: string, state: PaneState): void {
    const { viewer, store } = this.core
    const { panes, isLinked, activePane } = store.get()
    if (!isLinked || paneId === PANE || paneId !== (activePane || panes[0]?.id) || !panes.some(({ id }) => id === PANE)) return
    const [now, then] = [paneId, PANE].map((id) => viewer.planeOf(id))
    const [grid, before] = [paneId, PANE].map((id) => viewer.gridOf(viewer.paneStack(id)))
    if (now?.axis !== 0 || !then || !grid || !before) return
    const slice = priorSlice({ slice: state.slice, count: state.count, normal: grid.geometry.normal }, { count: before.geometry.shape[0], normal: before.geometry.normal })
    if (slice !== null && slice !== then.slice) viewer.goTo(PANE, slice)
  }
}

const sequenceOf = (description: string): string => /stir|tirm|t2|t1/i.exec(description)?.[0].toLowerCase() ?? ''
