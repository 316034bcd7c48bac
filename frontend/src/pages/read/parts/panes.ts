import { checkedFrames } from '@/state/frames'
import type { PaneSpec, PaneState } from '@/viewer/pane'
import { hangingsOf } from '../hanging'
import type { RoomCore } from './core'

/** Which pictures hang where, and what each shows. */
export class Panes {
  private readonly states = new Map<string, PaneState>()
  private readonly listeners = new Map<string, Set<() => void>>()
  private readonly known = new Set<string>()

  constructor(private readonly core: RoomCore) {}

  state = (paneId: string): PaneState | null => this.states.get(paneId) ?? null

  subscribe = (paneId: string, listener: () => void): (() => void) => {
    const set = this.listeners.get(paneId) ?? new Set()
    this.listeners.set(paneId, set.add(listener))
    return () => void set.delete(listener)
  }

  changed(paneId: string, state: PaneState): void {
    const before = this.states.get(paneId)
    if (before && JSON.stringify(before) === JSON.stringify(state)) return
    this.states.set(paneId, state)
    this.listeners.get(paneId)?.forEach((listener) => listener())
    const { activePane, panes } = this.core.store.get()
    if (!activePane && state.loading === 'loaded') this.core.viewer.activate(panes[0]?.id ?? paneId)
    if (before?.slice !== state.slice || before.loading !== state.loading) this.saw(paneId, state)
  }

  private saw(paneId: string, state: PaneState): void {
    const { panes, seen } = this.core.store.get()
    const spec = panes.find((pane) => pane.id === paneId)
    if (spec?.view !== 'stack' || state.loading !== 'loaded') return
    const slices = seen.get(spec.stack) ?? new Set<number>()
    if (!slices.has(state.slice)) this.core.store.set({ seen: new Map(seen).set(spec.stack, new Set(slices).add(state.slice)) })
  }

  /** Hang what has come since the last time. */
  takeUp(): void {
    const { session, viewer, store } = this.core
    const { manifests } = session.getView()
    const fresh = manifests.filter((manifest) => !this.known.has(manifest.stack))
    for (const manifest of fresh) {
      this.known.add(manifest.stack)
      viewer.addStack(manifest, checkedFrames(manifest))
    }
    if (!fresh.length) return
    const info = session.getView().case
    const hangings = hangingsOf(manifests, { tasks: info?.tasks ?? [], forms: info?.forms ?? null })
    store.set({ hangings, hanging: 0, panes: hangings[0]?.panes ?? [] })
  }

  get activeStack(): string {
    return this.core.viewer.paneStack(this.core.store.get().activePane)
  }

  step(by: number): void {
    this.core.viewer.step(by)
  }

  edge(isLast: boolean): void {
    const { activePane } = this.core.store.get()
    const state = this.states.get(activePane)
    if (state) this.core.viewer.goTo(activePane, isLast ? state.count - 1 : 0)
  }

  next(by: number): void {
    const { panes, activePane } = this.core.store.get()
    const at = panes.findIndex((pane) => pane.id === activePane)
    const next = panes[(at + by + panes.length) % panes.length]
    if (next) this.core.viewer.activate(next.id)
  }

  maximise(): void {
    this.core.store.set({ isMaximised: !this.core.store.get().isMaximised })
  }

  toggleSurface(): void {
    this.core.store.set({ isSurfaceShown: !this.core.store.get().isSurfaceShown })
  }

  nextHanging(): void {
    const { hangings, hanging } = this.core.store.get()
    if (!hangings.length) return
    const next = (hanging + 1) % hangings.length
    this.core.notices.notify(`Hanging: ${hangings[next]?.name ?? ''}`, `${next + 1} of ${hangings.length}`, 'info')
    this.core.store.set({ hanging: next, panes: hangings[next]?.panes ?? [] })
  }

  /** Hang another series or plane in a pane. */
  hang(paneId: string, stack: string, view: PaneSpec['view']): void {
    this.core.store.set({ panes: this.core.store.get().panes.map((pane) => (pane.id === paneId ? { id: paneId, stack, view } : pane)) })
  }

  nextPreset(by: number): void {
    const presets = this.core.viewer.presets(this.activeStack)
    const at = presets.findIndex((preset) => preset.label === this.core.store.get().presets.get(this.activeStack))
    const next = presets[(Math.max(at, 0) + by + presets.length) % presets.length]
    if (next) this.setPreset(this.activeStack, next.label)
  }

  setPreset(stack: string, label: string): void {
    const preset = this.core.viewer.presets(stack).find((each) => each.label === label)
    if (!preset) return
    this.core.viewer.setWindow(stack, preset)
    this.core.store.set({ presets: new Map(this.core.store.get().presets).set(stack, label) })
  }
}
