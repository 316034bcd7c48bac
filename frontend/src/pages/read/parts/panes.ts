import type { StackManifest, StackRegion } from '@/geometry/stack'
import { checkedFrames } from '@/state/frames'
import type { PaneSpec, PaneState } from '@/viewer/pane'
import { presetOfTask } from '@/viewer/windows'
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
      viewer.addStack(manifest, checkedFrames(manifest, manifest.region))
    }
    if (!fresh.length) return
    const info = session.getView().case
    const hangings = hangingsOf(manifests, { tasks: info?.tasks ?? [], forms: info?.forms ?? null })
    store.set({ hangings, hanging: 0, panes: hangings[0]?.panes ?? [] })
  }

  /** What is known of a series that hangs: of the case, or of an earlier study beside it. */
  manifestOf(stack: string): StackManifest | undefined {
    return this.core.session.manifest(stack) ?? this.core.store.get().priors.get(stack)?.manifest
  }

  /** The region of a large CT that opened first and shows still; null when the whole is loaded. */
  regionOf(stack: string): StackRegion | null {
    return this.core.store.get().whole.has(stack) ? null : (this.manifestOf(stack)?.region ?? null)
  }

  /** Load all of a series of which the part round the spine opened first. */
  loadWhole(stack = this.activeStack): void {
    const { viewer, store, notices } = this.core
    const manifest = this.manifestOf(stack)
    if (!manifest || !this.regionOf(stack)) {
      notices.notify('The whole is loaded', 'This series opened whole.', 'info')
      return
    }
    store.set({ whole: new Set(store.get().whole).add(stack) })
    viewer.loadWhole(stack, checkedFrames(manifest))
  }

  /** A place where no picture is loaded: looked at, the rest is loaded; drawn on, it is said. */
  outside(stack: string, why: 'draw' | 'look' | 'prior'): void {
    const { notices } = this.core
    if (why === 'look') {
      this.loadWhole(stack)
      notices.notify('The whole is loading', 'This place lies outside of the spine region that opened first.', 'info')
    } else if (why === 'prior') notices.notify('Nothing drawn', 'This is an earlier study: it is for looking only.', 'attn')
    else notices.notify('Nothing drawn', 'No picture is loaded here: the spine region opened first. Load the whole of this series, then go on.', 'attn')
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
    this.readWith(hangings[next]?.name ?? '')
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

  /** The preset of a number key. */
  numberedPreset(number: number): void {
    const preset = this.core.viewer.presets(this.activeStack)[number - 1]
    if (preset) this.setPreset(this.activeStack, preset.label)
    else this.core.notices.notify(`No preset ${number}`, 'The menu at the top right of the picture lists those of this series.', 'info')
  }

  /** Series of one frame of reference scroll together, or each by itself. */
  toggleLink(): void {
    const isLinked = !this.core.store.get().isLinked
    this.core.viewer.isLinked = isLinked
    this.core.store.set({ isLinked })
    this.core.notices.notify(isLinked ? 'Series scroll together' : 'Each series scrolls by itself', isLinked ? 'Those of one frame of reference that look the same way, by their place in the body.' : 'Reference lines still show where the others are.', 'info')
  }

  /** Why the pane does not follow the active one; empty where it may. */
  whyAlone(paneId: string): string {
    const { activePane, panes } = this.core.store.get()
    const [spec, active] = [paneId, activePane].map((id) => panes.find((pane) => pane.id === id))
    if (!spec || !active || spec.isReadOnly || active.isReadOnly || spec.stack === active.stack) return ''
    const { viewer, session } = this.core
    if (viewer.frameOf(spec.stack) === viewer.frameOf(active.stack)) return ''
    return session.manifest(spec.stack)?.frameOfReferenceUID ? 'another frame of reference: not linked' : 'no frame of reference: not linked'
  }

  private readWith(task: string): void {
    for (const { stack, modality } of this.core.session.getView().manifests) {
      const label = presetOfTask(task, modality)
      if (label) this.setPreset(stack, label)
    }
  }

  setPreset(stack: string, label: string): void {
    const preset = this.core.viewer.presets(stack).find((each) => each.label === label)
    if (!preset) return
    this.core.viewer.setWindow(stack, preset)
    this.core.store.set({ presets: new Map(this.core.store.get().presets).set(stack, label) })
  }
}
