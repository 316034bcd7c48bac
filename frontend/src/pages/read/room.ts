/** Connects the reader's session with the pictures: what is drawn goes into the log, what the log does shows on the images. */
import { ApiError } from '@/api/client'
import { fillBetween } from '@/geometry/between'
import { keepLargest } from '@/geometry/islands'
import type { LabelmapEdit } from '@/geometry/labelmap'
import type { LadderFields } from '@/geometry/ladder'
import { locate } from '@/geometry/locate'
import type { Vec3 } from '@/geometry/vector'
import { framesGet, uncertaintyGet } from '@/state/annotation'
import { applyPrompt, promptPoint, promptSession, type PromptSession } from '@/state/prompts'
import { orderedSegments, patchOf, ReadingSession, type Moved, type SegmentKey, type SessionView } from '@/state/session'
import type { OutboxStore } from '@/state/outboxStore'
import { colourOf, isVertebra, nameOf } from '@/state/structure'
import { ReadingViewer } from '@/viewer/engine'
import type { MaskLayer, SegmentStyle } from '@/viewer/masks'
import type { PaintedPatch, PaintTarget, ToolName } from '@/viewer/painter'
import type { PaneSpec, PaneState } from '@/viewer/pane'
import { NOTHING_KNOWN, segmentName, surenessOf, type Doubt, type Sureness } from './doubts'
import { hangingsOf, type Hanging } from './hanging'

export interface Notice {
  readonly id: number
  readonly title: string
  readonly text: string
  readonly tone: 'ok' | 'attn' | 'info'
  readonly undo: 'undo' | 'redo' | null
}

export interface RoomView {
  readonly tool: ToolName
  readonly radius: number
  readonly isSphere: boolean
  readonly range: readonly [number, number] | null
  readonly areMasksShown: boolean
  readonly fill: number
  readonly activePane: string
  readonly isMaximised: boolean
  readonly hangings: readonly Hanging[]
  readonly hanging: number
  readonly panes: readonly PaneSpec[]
  readonly progress: ReadonlyMap<string, { readonly loaded: number; readonly total: number }>
  readonly hidden: ReadonlySet<string>
  readonly sureness: Sureness
  readonly doubt: number
  readonly visited: ReadonlySet<string>
  readonly seen: ReadonlyMap<string, ReadonlySet<number>>
  readonly notice: Notice | null
  readonly presets: ReadonlyMap<string, string>
  /** The next click says what is not part of the structure. */
  readonly isNegative: boolean
  readonly isAsking: boolean
}

const RADII: Partial<Record<ToolName, number>> = { brush: 2, erase: 3 }
const SMALLEST = 0.25
const LARGEST = 40

export class Room {
  readonly session: ReadingSession
  readonly viewer: ReadingViewer
  private view: RoomView = {
    tool: 'brush',
    radius: 2,
    isSphere: false,
    range: null,
    areMasksShown: true,
    fill: 0.14,
    activePane: '',
    isMaximised: false,
    hangings: [],
    hanging: 0,
    panes: [],
    progress: new Map(),
    hidden: new Set(),
    sureness: NOTHING_KNOWN,
    doubt: -1,
    visited: new Set(),
    seen: new Map(),
    notice: null,
    presets: new Map(),
    isNegative: false,
    isAsking: false,
  }
  private readonly listeners = new Set<() => void>()
  private readonly paneStates = new Map<string, PaneState>()
  private readonly paneListeners = new Map<string, Set<() => void>>()
  private readonly radii = { ...RADII }
  private readonly known = new Set<string>()
  private segmentsShown: SessionView['segments'] = []
  private activeShown: SegmentKey | null = null
  private structuresShown: SessionView['structures'] = new Map()
  private noticeTimer = 0
  private serial = 0
  private readonly unsubscribe: () => void

  constructor(caseId: string, user: string, store: OutboxStore) {
    this.session = new ReadingSession(caseId, user, store)
    this.viewer = new ReadingViewer({
      paneChanged: (paneId, state) => this.paneChanged(paneId, state),
      progressed: (stack, loaded, total) => this.set({ progress: new Map(this.view.progress).set(stack, { loaded, total }) }),
      activated: (activePane) => this.set({ activePane }),
      painted: (patch) => this.painted(patch),
      refused: (reason, ids) => this.refused(reason, ids),
      pointed: (_, tool, stack, index, withShift) => {
        if (tool === 'click') void this.ask(stack, index, withShift)
      },
      brushResized: (steps) => this.resizeBrush(steps),
      scrolled: () => undefined,
      target: (stack) => this.target(stack),
      contextLost: () => undefined,
    })
    this.session.onMaskChanged = (stack) => {
      const { labelmaps } = this.session
      if (this.masks.length !== labelmaps.size || this.masks.some((mask) => this.session.labelmap(mask.stack, mask.layer) !== mask.labelmap)) this.showMasks()
      this.viewer.redrawStack(stack)
    }
    this.unsubscribe = this.session.subscribe(() => this.sessionChanged())
    void this.session.open()
  }

  getView = (): RoomView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private set(change: Partial<RoomView>): void {
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }

  // panes

  paneState = (paneId: string): PaneState | null => this.paneStates.get(paneId) ?? null

  subscribePane = (paneId: string, listener: () => void): (() => void) => {
    const set = this.paneListeners.get(paneId) ?? new Set()
    this.paneListeners.set(paneId, set.add(listener))
    return () => void set.delete(listener)
  }

  private paneChanged(paneId: string, state: PaneState): void {
    const before = this.paneStates.get(paneId)
    if (before && JSON.stringify(before) === JSON.stringify(state)) return
    this.paneStates.set(paneId, state)
    this.paneListeners.get(paneId)?.forEach((listener) => listener())
    if (!this.view.activePane && state.loading === 'loaded') this.viewer.activate(this.view.panes[0]?.id ?? paneId)
    if (before?.slice !== state.slice || before.loading !== state.loading) this.sawSlice(paneId, state)
  }

  private sawSlice(paneId: string, state: PaneState): void {
    const spec = this.view.panes.find((pane) => pane.id === paneId)
    if (spec?.view !== 'stack' || state.loading !== 'loaded') return
    const seen = this.view.seen.get(spec.stack) ?? new Set<number>()
    if (!seen.has(state.slice)) this.set({ seen: new Map(this.view.seen).set(spec.stack, new Set(seen).add(state.slice)) })
  }

  private sessionChanged(): void {
    const { manifests, segments, active, structures, case: info } = this.session.getView()
    const fresh = manifests.filter((manifest) => !this.known.has(manifest.stack))
    for (const manifest of fresh) {
      this.known.add(manifest.stack)
      this.viewer.addStack(manifest, (from, count, signal) => framesGet(manifest.stack, from, count, signal))
    }
    if (fresh.length) {
      const hangings = hangingsOf(manifests)
      this.set({ hangings, hanging: 0, panes: hangings[0]?.panes ?? [] })
    }
    if (info?.proposal && this.view.sureness === NOTHING_KNOWN && segments.length && manifests.length) void this.loadSureness(info.proposal)
    if (segments !== this.segmentsShown || active !== this.activeShown || structures !== this.structuresShown) {
      this.segmentsShown = segments
      this.activeShown = active
      this.structuresShown = structures
      this.styles.clear()
      this.viewer.redrawAll()
    }
  }

  private isAskingSureness = false

  private async loadSureness(revision: string): Promise<void> {
    if (this.isAskingSureness) return
    this.isAskingSureness = true
    try {
      const json = await uncertaintyGet(revision)
      if (json === null) return
      this.set({ sureness: surenessOf(json, this.session.getView().segments, this.session.getView().manifests) })
      this.styles.clear()
      this.viewer.redrawAll()
    } catch {
      // the proposal is there without its doubts; painting goes on
    }
  }

  // masks

  private masks: MaskLayer[] = []
  private readonly styles = new Map<string, SegmentStyle | null>()

  private showMasks(): void {
    this.masks = [...this.session.labelmaps].map(([key, labelmap]) => {
      const [stack = '', layer = ''] = key.split('/')
      return { stack, layer, labelmap, style: (id) => this.style(layer, id) }
    })
    this.viewer.setMasks(this.masks)
  }

  private style(layer: string, id: number): SegmentStyle | null {
    const name = segmentName({ layer, id })
    const known = this.styles.get(name)
    if (known !== undefined) return known
    const { active, structures } = this.session.getView()
    const segment = this.session.segment({ layer, id })
    const isActive = active?.id === id && active.layer === layer
    const style: SegmentStyle | null = segment
      ? {
          colour: segment.colour ?? colourOf(segment.structure, structures.get(segment.structure)?.category),
          name: nameOf(segment.structure, structures),
          isVisible: !this.view.hidden.has(name),
          isActive,
          isProposal: segment.status === 'proposed',
          isDoubtful: segment.status === 'proposed' && this.view.sureness.doubts.some((doubt) => segmentName(doubt) === name),
          hasChip: isVertebra(segment.structure) || isActive,
        }
      : null
    this.styles.set(name, style)
    return style
  }

  private target(stack: string): PaintTarget | { refused: string } {
    const { active, phase, save } = this.session.getView()
    if (phase.kind === 'read-only') return { refused: 'This case is open for reading only.' }
    if (save.kind === 'conflict') return { refused: 'Settle the conflict first; what you drew is kept.' }
    if (phase.kind !== 'ready') return { refused: 'The case is not open yet.' }
    if (!active) return { refused: 'Choose a structure first: Q and W, or the list.' }
    const segment = this.session.segment(active)
    const labelmap = this.session.labelmap(stack, active.layer)
    if (!segment || !labelmap) return { refused: 'The mask of this series is not loaded.' }
    const name = nameOf(segment.structure)
    if (this.session.isLocked(active)) return { refused: `${name} is accepted. Open it again to change it.` }
    if (this.view.hidden.has(segmentName(active))) return { refused: `${name} is hidden. Show it to change it.` }
    const locked = new Set(this.session.getView().segments.filter((each) => each.layer === active.layer && (this.session.isLocked(each) || this.view.hidden.has(segmentName(each)))).map((each) => each.id))
    return { labelmap, layer: active.layer, segment: active.id, colour: this.style(active.layer, active.id)?.colour ?? '#9aa2aa', mayOverwrite: (id) => !locked.has(id) }
  }

  private painted(patch: PaintedPatch): void {
    const segment = this.session.segment({ id: patch.segment, layer: patch.layer })
    this.session.painted({ kind: 'patch', ...patch }, `${nameOf(segment?.structure ?? '')} ${patch.tool}`)
  }

  private refused(reason: string, ids: readonly number[]): void {
    const { active, segments } = this.session.getView()
    const names = ids.map((id) => nameOf(segments.find((segment) => segment.id === id && segment.layer === active?.layer)?.structure ?? ''))
    this.notify(names.length ? `${names.join(', ')} kept` : 'Nothing painted', names.length ? 'Accepted, locked or hidden structures are not painted over.' : reason, 'attn')
  }

  notify(title: string, text: string, tone: Notice['tone'] = 'ok', undo: Notice['undo'] = null): void {
    window.clearTimeout(this.noticeTimer)
    this.set({ notice: { id: (this.serial += 1), title, text, tone, undo } })
    this.noticeTimer = window.setTimeout(() => this.set({ notice: null }), 6000)
  }

  dismissNotice(): void {
    this.set({ notice: null })
  }

  // what the keys do

  setTool(tool: ToolName): void {
    this.set({ tool, radius: this.radii[tool] ?? this.view.radius })
    this.viewer.setTool(tool)
    this.applyBrush()
  }

  resizeBrush(steps: number): void {
    const radius = Math.max(SMALLEST, Math.min(LARGEST, Math.round((this.view.radius + steps * 0.25) * 4) / 4))
    this.radii[this.view.tool] = radius
    this.set({ radius })
    this.applyBrush()
  }

  setSphere(isSphere: boolean): void {
    this.set({ isSphere })
    this.applyBrush()
  }

  /** Paint only values like those around the middle of the window, or everything again. */
  toggleRange(): void {
    if (this.view.range) {
      this.setRange(null)
      return
    }
    const window = this.paneStates.get(this.view.activePane)?.window
    if (window) this.setRange([Math.round(window.center - window.width / 4), Math.round(window.center + window.width / 2)])
  }

  setRange(range: RoomView['range']): void {
    this.set({ range })
    this.applyBrush()
  }

  private applyBrush(): void {
    const { radius, isSphere, range } = this.view
    this.viewer.setBrush({ radius, isSphere, range })
  }

  showMasksAtAll(areMasksShown: boolean): void {
    this.set({ areMasksShown })
    this.viewer.setOptions({ areMasksShown })
  }

  changeFill(by: number): void {
    const fill = Math.max(0, Math.min(0.8, Math.round((this.view.fill + by) * 100) / 100))
    this.set({ fill })
    this.viewer.setOptions({ fill })
  }

  toggleHidden(key: SegmentKey): void {
    const hidden = new Set(this.view.hidden)
    const name = segmentName(key)
    if (!hidden.delete(name)) hidden.add(name)
    this.set({ hidden })
    this.styles.clear()
    this.viewer.redrawAll()
  }

  step(by: number): void {
    this.viewer.step(by)
  }

  edge(isLast: boolean): void {
    const state = this.paneStates.get(this.view.activePane)
    if (state) this.viewer.goTo(this.view.activePane, isLast ? state.count - 1 : 0)
  }

  nextPane(by: number): void {
    const { panes, activePane } = this.view
    const at = panes.findIndex((pane) => pane.id === activePane)
    const next = panes[(at + by + panes.length) % panes.length]
    if (next) this.viewer.activate(next.id)
  }

  maximise(): void {
    this.set({ isMaximised: !this.view.isMaximised })
  }

  nextHanging(): void {
    const { hangings, hanging } = this.view
    if (!hangings.length) return
    const next = (hanging + 1) % hangings.length
    this.set({ hanging: next, panes: hangings[next]?.panes ?? [] })
  }

  /** Hang another series or plane in a pane. */
  hang(paneId: string, stack: string, view: PaneSpec['view']): void {
    this.set({ panes: this.view.panes.map((pane) => (pane.id === paneId ? { id: paneId, stack, view } : pane)) })
  }

  nextPreset(by: number): void {
    const stack = this.viewer.paneStack(this.view.activePane)
    const presets = this.viewer.presets(stack)
    const at = presets.findIndex((preset) => preset.label === this.view.presets.get(stack))
    const next = presets[(Math.max(at, 0) + by + presets.length) % presets.length]
    if (next) this.setPreset(stack, next.label)
  }

  setPreset(stack: string, label: string): void {
    const preset = this.viewer.presets(stack).find((each) => each.label === label)
    if (!preset) return
    this.viewer.setWindow(stack, preset)
    this.set({ presets: new Map(this.view.presets).set(stack, label) })
  }

  undo(): void {
    this.moved(this.session.undo())
  }

  redo(): void {
    this.moved(this.session.redo())
  }

  private moved(moved: Moved | null): void {
    if (!moved) return
    const { act, isUndo } = moved
    const step = act.steps.find((each) => each.kind === 'patch')
    const slice = step ? this.viewer.showPatch(step.stack, this.session.manifest(step.stack)?.columns ?? 1, step.patch) : null
    this.notify(`${isUndo ? 'Undone' : 'Redone'}: ${act.label}${slice === null ? '' : `, slice ${slice + 1}`}`, isUndo ? 'brings it back.' : 'takes it back.', 'ok', isUndo ? 'redo' : 'undo')
  }

  /** Do something to the ladder; says why when it cannot be done. */
  number(label: string, fields: LadderFields): void {
    const reason = this.session.number(label, fields)
    if (reason) this.notify('Not renumbered', reason, 'attn')
    else this.notify(label, 'takes it back.', 'ok', 'undo')
  }

  /** Work on the active structure in the series of the active pane, as one step to undo. */
  private work(label: string, tool: string, act: (edit: LabelmapEdit, segment: number, spacing: Vec3) => string | null): void {
    const stack = this.viewer.paneStack(this.view.activePane)
    const target = this.target(stack)
    const grid = this.viewer.gridOf(stack)
    if ('refused' in target || !grid) {
      this.notify('Nothing changed', 'refused' in target ? target.refused : 'No image is open.', 'attn')
      return
    }
    const said: { text: string | null } = { text: null }
    const patch = patchOf(target.labelmap, (edit) => {
      said.text = act(edit, target.segment, grid.geometry.spacing)
    }, target.mayOverwrite)
    if (!patch.size) {
      this.notify('Nothing changed', said.text ?? 'There is nothing to do here.', 'info')
      return
    }
    this.session.change(label, [{ kind: 'patch', stack, layer: target.layer, segment: target.segment, tool, patch }])
    this.viewer.showPatch(stack, this.session.manifest(stack)?.columns ?? 1, patch)
    this.notify(label, said.text ?? 'takes it back.', 'ok', said.text === null ? 'undo' : null)
  }

  private get activeName(): string {
    const { active } = this.session.getView()
    const segment = active && this.session.segment(active)
    return segment ? nameOf(segment.structure) : ''
  }

  keepLargest(): void {
    this.work(`${this.activeName}: largest part kept`, 'islands', (edit, segment) => {
      const gone = keepLargest(edit, segment)
      return gone ? `${gone} smaller ${gone === 1 ? 'part' : 'parts'} erased. Ctrl Z brings them back.` : 'It is in one part already.'
    })
  }

  fillBetween(): void {
    this.work(`${this.activeName}: filled between slices`, 'interpolation', (edit, segment, spacing) => {
      const filled = fillBetween(edit, segment, spacing)
      return filled ? `${filled} ${filled === 1 ? 'slice' : 'slices'} drawn. Ctrl Z takes it back.` : 'It has no gap: draw it on two slices with empty ones between them.'
    })
  }

  // the model's help by a click

  private prompt: { readonly key: string; readonly session: PromptSession } | null = null
  private asking: AbortController | null = null

  swapSign(): void {
    this.set({ isNegative: !this.view.isNegative })
  }

  private async ask(stack: string, index: Vec3, withShift: boolean): Promise<void> {
    const target = this.target(stack)
    if ('refused' in target) {
      this.notify('Nothing asked', target.refused, 'attn')
      return
    }
    const grid = this.viewer.gridOf(stack)
    if (grid) this.viewer.point(grid.toWorld(index), this.view.activePane)
    this.asking?.abort()
    const asking = new AbortController()
    this.asking = asking
    this.set({ isAsking: true })
    const { version } = target.labelmap
    try {
      const structure = this.session.segment({ id: target.segment, layer: target.layer })?.structure ?? ''
      const key = `${stack} ${target.layer} ${target.segment}`
      const isNew = this.prompt?.key !== key
      if (isNew) this.prompt = { key, session: await promptSession(stack, target.layer, structure, asking.signal) }
      const session = this.prompt?.session.id ?? ''
      const answer = await promptPoint(session, index.map(Math.round), this.view.isNegative === withShift, isNew, asking.signal)
      if (asking.signal.aborted) return
      if (target.labelmap.version !== version) {
        this.notify('Answer dropped', 'You drew meanwhile; what you drew stands. Click again to ask anew.', 'info')
        return
      }
      const patch = patchOf(target.labelmap, (edit) => applyPrompt(edit, target.segment, answer), target.mayOverwrite)
      if (patch.size) this.session.change(`${nameOf(structure)} click`, [{ kind: 'patch', stack, layer: target.layer, segment: target.segment, tool: answer.engine.slice(0, 40), patch }])
      else this.notify('The model would change nothing here', 'Click where it is wrong, or use the brush.', 'info')
    } catch (error) {
      if (asking.signal.aborted) return
      this.prompt = null
      const isRefusal = error instanceof ApiError && error.status === 409
      this.notify(isRefusal ? 'The model may not help here' : 'The model does not answer', isRefusal ? error.message : 'The brush and all other tools work on.', 'attn')
    } finally {
      if (this.asking === asking) {
        this.asking = null
        this.set({ isAsking: false })
      }
    }
  }

  /** Choose a structure and show it where it is seen best. */
  choose(key: SegmentKey, zoomMm?: number): void {
    this.session.activate(key)
    this.show(key, zoomMm)
  }

  nextStructure(by: 1 | -1): void {
    const next = this.session.activateNext(by)
    if (next) this.show(next)
  }

  private show(key: SegmentKey, zoomMm?: number, preferred?: { stack: string; slice: number | null }): void {
    const order = [preferred?.stack, this.viewer.paneStack(this.view.activePane), ...this.view.panes.map((pane) => pane.stack)].filter((stack) => stack !== undefined)
    for (const stack of order) {
      const labelmap = this.session.labelmap(stack, key.layer)
      const place = labelmap && ((preferred?.stack === stack && preferred.slice !== null ? locate(labelmap, key.id, preferred.slice) : null) ?? locate(labelmap, key.id))
      if (!place) continue
      const index: Vec3 = [place.slice, place.row, place.column]
      this.viewer.focus(stack, index, zoomMm)
      return
    }
  }

  // doubts

  /** Doubtful places that nobody has settled: worst first. */
  openDoubts(): Doubt[] {
    return this.view.sureness.doubts.filter((doubt) => this.session.segment(doubt)?.status === 'proposed')
  }

  nextDoubt(by: 1 | -1): void {
    const { doubts } = this.view.sureness
    if (!doubts.length) {
      this.notify('Nothing doubtful', 'The model marked no place of this case as doubtful.', 'info')
      return
    }
    const at = this.view.doubt + by
    const wrapped = at < 0 || at >= doubts.length
    const next = (at + doubts.length) % doubts.length
    const doubt = doubts[next]
    if (!doubt) return
    this.set({ doubt: next, visited: new Set(this.view.visited).add(segmentName(doubt)) })
    this.session.activate({ id: doubt.id, layer: doubt.layer })
    this.show(doubt, 110, { stack: doubt.stack, slice: doubt.slice })
    if (wrapped && this.view.doubt !== -1 && doubts.length > 1) this.notify('That was the last one', 'Back at the most doubtful place.', 'info')
  }

  /** Accept the active structure and go to the next thing that needs a look. */
  acceptAndNext(): void {
    const { active } = this.session.getView()
    if (!active || !this.session.canWrite) return
    this.session.accept(active)
    const open = this.openDoubts()
    if (open[0]) {
      this.set({ doubt: this.view.sureness.doubts.indexOf(open[0]) - 1 })
      this.nextDoubt(1)
      return
    }
    const rest = orderedSegments(this.session.getView().segments)
    const at = rest.findIndex((segment) => segment.id === active.id && segment.layer === active.layer)
    const next = [...rest.slice(at + 1), ...rest.slice(0, at)].find((segment) => segment.status !== 'accepted')
    if (next) this.choose({ id: next.id, layer: next.layer })
    else this.notify('Every structure is accepted', 'Submit the case when you are done.', 'ok')
  }

  rejectActive(): void {
    const { active } = this.session.getView()
    if (active && this.session.canWrite) this.session.reject(active)
  }

  cancel(): void {
    if (this.viewer.cancelStroke()) return
    if (this.asking) {
      this.asking.abort()
      this.set({ isAsking: false })
      return
    }
    if (this.view.isMaximised) this.set({ isMaximised: false })
    this.dismissNotice()
  }

  dispose(): void {
    window.clearTimeout(this.noticeTimer)
    this.unsubscribe()
    this.viewer.dispose()
    this.session.dispose()
  }
}
