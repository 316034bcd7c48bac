/** One reader at one case: what is open, what was drawn, what can be taken back, what is saved. Knows no screen and no WebGL. */
import { ApiError, UnreachableError } from '@/api/client'
import { sha256 } from '@/geometry/digest'
import { envelopeDecode, envelopeEncode } from '@/geometry/envelope'
import { Labelmap, LabelmapEdit } from '@/geometry/labelmap'
import { decodeRuns, diffRuns, encodeRuns, invertPatch, OldValueMismatch, type Patch, type Run } from '@/geometry/patch'
import { ladderApply, ladderFromSegments, type LadderFields } from '@/geometry/ladder'
import { centresOf } from '@/geometry/locate'
import { emptyLadder, ladderOf, Refused, type Ladder } from '@/geometry/numbering'
import { StackGrid, type StackManifest } from '@/geometry/stack'
import {
  annotationMaskPath,
  annotationSubmit,
  batchOf,
  branchKeep,
  caseGet,
  caseOpen,
  leaseRenew,
  manifestGet,
  maskGet,
  operationsKnown,
  operationsSend,
  structuresGet,
  type CaseInfo,
  type Lease,
  type Segment,
  type Structure,
} from './annotation'
import { History } from './history'
import { Outbox, type Acknowledged, type SaveState } from './outbox'
import type { Operation, OutboxStore } from './outboxStore'
import { nameOf, orderOf } from './structure'

export interface PatchStep {
  readonly kind: 'patch'
  readonly stack: string
  readonly layer: string
  readonly segment: number | null
  readonly tool: string
  readonly patch: Patch
}

export interface SegmentsStep {
  readonly kind: 'segments'
  readonly set: readonly SegmentChange[]
  readonly remove: readonly SegmentKey[]
}

export interface LadderStep {
  readonly kind: 'ladder'
  readonly fields: LadderFields
}

export type SegmentKey = Readonly<Pick<Segment, 'id' | 'layer'>>
export type SegmentChange = SegmentKey & { readonly [Field in 'structure' | 'status' | 'colour' | 'locked' | 'instance']?: Segment[Field] | null }
export type Step = PatchStep | SegmentsStep | LadderStep

/** What one key press or stroke did: taken back whole. `ids` are the operations it was sent as. */
export interface Act {
  readonly label: string
  readonly steps: readonly Step[]
  readonly inverse: readonly Step[]
  readonly ids: readonly string[]
}

export type Phase =
  | { readonly kind: 'opening' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'read-only'; readonly code: string; readonly message: string; readonly canTakeOver: boolean }
  | { readonly kind: 'submitted' }
  | { readonly kind: 'failed'; readonly message: string }

export interface SessionView {
  readonly phase: Phase
  readonly case: CaseInfo | null
  readonly manifests: readonly StackManifest[]
  readonly missing: readonly { readonly stack: string; readonly message: string }[]
  readonly segments: readonly Segment[]
  readonly structures: ReadonlyMap<string, Structure>
  readonly ladder: Ladder
  readonly active: SegmentKey | null
  readonly masksLoaded: number
  readonly masksTotal: number
  readonly save: SaveState
  readonly seq: number
  readonly undoable: number
  readonly redoable: number
  readonly lastAct: string
  readonly restored: number
}

const EMPTY: SessionView = {
  phase: { kind: 'opening' },
  case: null,
  manifests: [],
  missing: [],
  segments: [],
  structures: new Map(),
  ladder: emptyLadder(),
  active: null,
  masksLoaded: 0,
  masksTotal: 0,
  save: { kind: 'saved', at: null },
  seq: 0,
  undoable: 0,
  redoable: 0,
  lastAct: '',
  restored: 0,
}

export const maskKey = (stack: string, layer: string): string => `${stack}/${layer}`
const sameSegment = (a: SegmentKey, b: SegmentKey): boolean => a.id === b.id && a.layer === b.layer

export interface Moved {
  readonly act: Act
  readonly isUndo: boolean
}

export class ReadingSession {
  private view: SessionView = EMPTY
  private readonly listeners = new Set<() => void>()
  readonly labelmaps = new Map<string, Labelmap>()
  private readonly history = new History<Act>()
  private outbox: Outbox | null = null
  private lease: Lease | null = null
  private annotation = ''
  private schema: ReadonlyMap<string, string> = new Map()
  private renewTimer: ReturnType<typeof setTimeout> | null = null
  private unlock: () => void = () => undefined
  private disposed = false
  private readonly expected = new Map<string, Promise<string>>()
  /** Called when a mask changed by anything but the reader's own hand on the canvas. */
  onMaskChanged: (stack: string) => void = () => undefined

  constructor(
    readonly caseId: string,
    private readonly user: string,
    private readonly store: OutboxStore,
  ) {}

  getView = (): SessionView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private set(change: Partial<SessionView>): void {
    if (this.disposed) return
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }

  // opening

  /** Open the case for writing, or say why it can only be looked at. */
  async open(takeover = false): Promise<void> {
    this.set({ phase: { kind: 'opening' } })
    try {
      const isAlone = await this.lockCase(takeover)
      if (!isAlone) {
        await this.lookOnly('open_in_tab', 'This case is open in another tab of this browser. Read it, or take it over.', true)
        return
      }
      const opened = await caseOpen(this.caseId, await this.store.browser(), takeover)
      this.lease = opened.lease
      this.annotation = opened.annotation.id
      this.set({ case: opened.case, seq: opened.annotation.seq, segments: opened.annotation.segments, ladder: ladderOf(opened.annotation.ladder) })
      this.outbox = this.makeOutbox(opened.annotation.seq)
      await Promise.all([this.loadStructures(opened.case), this.loadManifests(opened.case)])
      await this.loadMasks()
      await this.takeUpUnsent()
      if (!this.view.active) this.activateFirst()
      this.set({ phase: { kind: 'ready' } })
      this.scheduleRenewal()
    } catch (error) {
      await this.openFailed(error)
    }
  }

  private async openFailed(error: unknown): Promise<void> {
    if (error instanceof ApiError && error.status === 409) {
      const canTakeOver = error.code === 'lease_held'
      await this.lookOnly(error.code, error.message, canTakeOver)
      return
    }
    const message = error instanceof UnreachableError ? 'Columna does not answer. The case opens when it is back.' : error instanceof Error ? error.message : 'The case cannot be opened.'
    this.set({ phase: { kind: 'failed', message } })
  }

  private async lookOnly(code: string, message: string, canTakeOver: boolean): Promise<void> {
    try {
      const info = await caseGet(this.caseId)
      this.set({ case: info })
      await Promise.all([this.loadStructures(info), this.loadManifests(info)])
      this.set({ phase: { kind: 'read-only', code, message, canTakeOver } })
    } catch (error) {
      this.set({ phase: { kind: 'failed', message: error instanceof Error ? error.message : message } })
    }
  }

  /** One tab of a browser writes on a case; the lock goes with the tab, however it ends. */
  private async lockCase(steal: boolean): Promise<boolean> {
    if (!('locks' in navigator)) return true
    this.unlock()
    return new Promise((resolve) => {
      const options: LockOptions = steal ? { steal: true } : { ifAvailable: true }
      navigator.locks
        .request(`columna-case-${this.caseId}`, options, (lock) => {
          resolve(lock !== null)
          if (lock === null) return undefined
          return new Promise<void>((release) => {
            this.unlock = release
          })
        })
        .catch(() => this.lostLock())
    })
  }

  private lostLock(): void {
    this.outbox?.dispose()
    this.stopRenewal()
    this.set({ phase: { kind: 'read-only', code: 'open_in_tab', message: 'The case was taken over in another tab. What you drew here is kept and goes on from there.', canTakeOver: true } })
  }

  private async loadStructures(info: CaseInfo): Promise<void> {
    const all = await structuresGet(info.schema)
    const chosen = new Set(info.structures)
    this.schema = new Map(all.map((each) => [each.code, each.layer]))
    this.set({ structures: new Map(all.filter((each) => !chosen.size || chosen.has(each.code)).map((each) => [each.code, each])) })
  }

  private async loadManifests(info: CaseInfo): Promise<void> {
    const missing: { stack: string; message: string }[] = []
    const found = await Promise.all(
      info.stacks.map(async (stack) => {
        try {
          const manifest = await manifestGet(stack.id)
          return { description: stack.description, ...manifest }
        } catch (error) {
          missing.push({ stack: stack.id, message: error instanceof Error ? error.message : 'The series cannot be loaded.' })
          return null
        }
      }),
    )
    this.set({ manifests: found.filter((manifest) => manifest !== null), missing })
  }

  manifest(stack: string): StackManifest | undefined {
    return this.view.manifests.find((each) => each.stack === stack)
  }

  private layers(): string[] {
    return [...new Set([...[...this.view.structures.values()].map((each) => each.layer), ...this.view.segments.map((segment) => segment.layer)])]
  }

  private async loadMasks(): Promise<void> {
    const wanted = this.view.manifests.flatMap((manifest) => this.layers().map((layer) => ({ manifest, layer })))
    this.set({ masksTotal: wanted.length, masksLoaded: 0 })
    await Promise.all(
      wanted.map(async ({ manifest, layer }) => {
        const labelmap = new Labelmap(manifest.slices.length, manifest.rows, manifest.columns)
        const { slices } = await maskGet(annotationMaskPath(this.annotation, manifest.stack, layer))
        manifest.slices.forEach((slice, index) => {
          const data = slices.get(slice.key)
          if (data?.some((value) => value !== 0)) labelmap.load(index, data)
        })
        this.labelmaps.set(maskKey(manifest.stack, layer), labelmap)
        this.set({ masksLoaded: this.view.masksLoaded + 1 })
        this.onMaskChanged(manifest.stack)
      }),
    )
  }

  labelmap(stack: string, layer: string): Labelmap | undefined {
    return this.labelmaps.get(maskKey(stack, layer))
  }

  // unsent work of an earlier tab

  private async takeUpUnsent(): Promise<void> {
    const left = await this.outbox?.resume()
    if (!left?.length) return
    try {
      for (const operation of left) this.replay(operation)
      this.set({ restored: left.length })
      await this.outbox?.retry()
    } catch (error) {
      if (!(error instanceof OldValueMismatch)) throw error
      this.set({
        save: { kind: 'conflict', count: left.length, code: 'old_value_mismatch', message: 'Changes kept on this computer no longer fit what the server holds. Keep them as a branch, or drop them.' },
      })
    }
  }

  private replay(operation: Operation): void {
    const { header, rest } = envelopeDecode(operation.bytes)
    const sent = header as { kind: string; stack?: string; layer?: string; slices?: { key: string; length: number }[]; set?: SegmentChange[]; remove?: SegmentKey[] }
    if (sent.kind === 'patch' && sent.stack !== undefined && sent.layer !== undefined) {
      const manifest = this.manifest(sent.stack)
      const labelmap = this.labelmap(sent.stack, sent.layer)
      if (!manifest || !labelmap) return
      const patch = new Map<number, readonly Run[]>()
      let at = 0
      for (const { key, length } of sent.slices ?? []) {
        const index = manifest.slices.findIndex((slice) => slice.key === key)
        patch.set(index, decodeRuns(rest.subarray(at, at + length), labelmap.size))
        at += length
      }
      labelmap.apply(patch)
      this.onMaskChanged(sent.stack)
    } else if (sent.kind === 'segments') this.applySegments({ kind: 'segments', set: sent.set ?? [], remove: sent.remove ?? [] })
    else if (sent.kind === 'ladder') this.applyLadder({ kind: 'ladder', fields: header as LadderFields })
  }

  // the log

  private makeOutbox(seq: number): Outbox {
    const { annotation } = this
    return new Outbox(
      this.store,
      {
        user: this.user,
        annotation,
        send: (operations, baseSeq, isLast) => {
          const lease = this.lease
          return lease ? operationsSend(annotation, batchOf(operations, baseSeq, lease), isLast) : Promise.resolve({ kind: 'unreachable' as const })
        },
        known: (after) => operationsKnown(annotation, after),
        renew: () => this.renewLease(),
        acknowledged: (answer, pending) => {
          this.set({ seq: answer.seq })
          if (!pending.length) void this.compare(answer)
        },
        changed: (save) => this.set({ save }),
      },
      seq,
    )
  }

  private enqueue(step: Step, undoes: string | null): string {
    const id = crypto.randomUUID()
    const common = { id, kind: step.kind, at: new Date().toISOString(), ...(undoes === null ? {} : { undoes }) }
    let bytes: Uint8Array<ArrayBuffer>
    if (step.kind === 'patch') {
      const manifest = this.manifest(step.stack)
      const parts = [...step.patch].map(([index, runs]) => ({ key: manifest?.slices[index]?.key ?? '', body: encodeRuns(runs) }))
      const header = { ...common, stack: step.stack, layer: step.layer, segment: step.segment, tool: step.tool, slices: parts.map((part) => ({ key: part.key, length: part.body.length })) }
      bytes = envelopeEncode(
        header,
        parts.map((part) => part.body),
      )
      this.expectDigests(step, manifest)
    } else bytes = envelopeEncode(step.kind === 'ladder' ? { ...common, ...step.fields } : { ...common, set: step.set, remove: step.remove }, [])
    void this.outbox?.put({ id, bytes })
    return id
  }

  // What the server should hold after this step; the newest word on a slice is what its answer is compared with.
  private expectDigests(step: PatchStep, manifest: StackManifest | undefined): void {
    const labelmap = this.labelmap(step.stack, step.layer)
    if (!labelmap || !manifest) return
    for (const index of step.patch.keys()) {
      const key = `${step.stack} ${step.layer} ${manifest.slices[index]?.key ?? ''}`
      this.expected.set(key, sha256(labelmap.slice(index).slice()))
    }
  }

  private async compare(answer: Acknowledged): Promise<void> {
    const wrong: Acknowledged['slices'][number][] = []
    for (const slice of answer.slices) {
      const key = `${slice.stack} ${slice.layer} ${slice.key}`
      const digest = await this.expected.get(key)
      if (digest !== undefined && digest !== slice.digest) wrong.push(slice)
      if (!this.outbox?.unsent) this.expected.delete(key)
    }
    if (wrong.length && !this.outbox?.unsent) await this.repair(wrong)
  }

  /** The server holds something else than this screen shows: send what shows, against what the server really holds. */
  private async repair(slices: readonly Acknowledged['slices'][number][]): Promise<void> {
    const places = new Set(slices.map((slice) => `${slice.stack} ${slice.layer}`))
    for (const place of places) {
      const [stack = '', layer = ''] = place.split(' ')
      const manifest = this.manifest(stack)
      const labelmap = this.labelmap(stack, layer)
      if (!manifest || !labelmap || this.outbox?.unsent) return
      const { slices: held } = await maskGet(annotationMaskPath(this.annotation, stack, layer))
      const patch = new Map<number, Run[]>()
      for (const slice of slices) {
        const index = manifest.slices.findIndex((each) => each.key === slice.key)
        const runs = diffRuns(held.get(slice.key) ?? new Uint8Array(labelmap.size), labelmap.slice(index))
        if (runs.length) patch.set(index, runs)
      }
      if (patch.size) this.enqueue({ kind: 'patch', stack, layer, segment: null, tool: 'resend', patch }, null)
    }
  }

  // acts

  get annotationId(): string {
    return this.annotation
  }

  get canWrite(): boolean {
    return this.view.phase.kind === 'ready' && this.view.save.kind !== 'conflict'
  }

  /** A stroke that is on the mask already: enter it into the log, as one step with what follows from it. */
  painted(step: PatchStep, label: string): void {
    const steps: Step[] = [step]
    const segment = this.segment({ id: step.segment ?? 0, layer: step.layer })
    if (segment?.status === 'proposed') steps.push({ kind: 'segments', set: [{ id: segment.id, layer: segment.layer, status: 'edited' }], remove: [] })
    const inverse = steps.map((each) => this.inverseOf(each)).reverse()
    for (const each of steps) if (each.kind === 'segments') this.applySegments(each)
    this.enter(label, steps, inverse)
  }

  /** Do something by its steps, on the mask and the table, and enter it into the log: the one way by which anything but a stroke changes. */
  perform(label: string, steps: readonly Step[]): void {
    if (!steps.length) return
    const inverse: Step[] = []
    for (const step of steps) {
      inverse.unshift(this.inverseOf(step))
      this.applyStep(step)
    }
    this.enter(label, steps, inverse)
  }

  private enter(label: string, steps: readonly Step[], inverse: readonly Step[]): void {
    const ids = steps.map((step) => this.enqueue(step, null))
    this.history.push({ label, steps, inverse, ids })
    this.set({ undoable: this.history.undoable, redoable: this.history.redoable, lastAct: label })
  }

  undo(): Moved | null {
    return this.move(true)
  }

  redo(): Moved | null {
    return this.move(false)
  }

  private move(isUndo: boolean): Moved | null {
    if (!this.canWrite) return null
    const take = (act: Act): Act => {
      const steps = isUndo ? act.inverse : act.steps
      const undoes = isUndo ? [...act.ids].reverse() : act.ids
      const ids = steps.map((step, i) => {
        this.applyStep(step)
        return this.enqueue(step, undoes[i] ?? null)
      })
      return { ...act, ids: isUndo ? [...ids].reverse() : ids }
    }
    const act = isUndo ? this.history.undo(take) : this.history.redo(take)
    this.set({ undoable: this.history.undoable, redoable: this.history.redoable, lastAct: act ? `${isUndo ? 'Undone' : 'Redone'}: ${act.label}` : this.view.lastAct })
    return act ? { act, isUndo } : null
  }

  private applyStep(step: Step): void {
    if (step.kind === 'patch') {
      this.labelmap(step.stack, step.layer)?.apply(step.patch)
      this.onMaskChanged(step.stack)
    } else if (step.kind === 'ladder') this.applyLadder(step)
    else this.applySegments(step)
  }

  private ladderOutcome(step: LadderStep) {
    const { ladder, segments, structures } = this.view
    return ladderApply(ladder, segments, step.fields, new Map([...structures.values()].map((each) => [each.code, each.layer])), this.schema)
  }

  private applyLadder(step: LadderStep): void {
    const { ladder, segments } = this.ladderOutcome(step)
    this.set({ ladder, segments })
    for (const manifest of this.view.manifests) this.onMaskChanged(manifest.stack)
  }

  private inverseOf(step: Step): Step {
    if (step.kind === 'patch') return { ...step, patch: invertPatch(step.patch) }
    if (step.kind === 'ladder') return { kind: 'ladder', fields: this.ladderOutcome(step).was }
    const set: SegmentChange[] = []
    const remove: SegmentKey[] = []
    for (const change of step.set) {
      const before = this.segment(change)
      if (!before) remove.push({ id: change.id, layer: change.layer })
      else set.push({ id: change.id, layer: change.layer, ...Object.fromEntries(Object.keys(change).filter((name) => name !== 'id' && name !== 'layer').map((name) => [name, before[name as keyof Segment] ?? null])) })
    }
    for (const key of step.remove) {
      const before = this.segment(key)
      if (before) set.push(before)
    }
    return { kind: 'segments', set, remove }
  }

  private applySegments(step: SegmentsStep): void {
    const gone = (segment: SegmentKey) => step.remove.some((key) => sameSegment(key, segment))
    const segments = this.view.segments.filter((segment) => !gone(segment)).map((segment) => merged(segment, step.set.find((change) => sameSegment(change, segment))))
    for (const change of step.set) {
      if (segments.some((segment) => sameSegment(segment, change)) || !change.structure) continue
      segments.push(merged({ id: change.id, layer: change.layer, structure: change.structure, status: 'edited' }, change))
    }
    const active = this.view.active
    this.set({ segments, active: active && segments.some((segment) => sameSegment(segment, active)) ? active : null })
    for (const manifest of this.view.manifests) this.onMaskChanged(manifest.stack)
  }

  // structures

  segment(key: SegmentKey): Segment | undefined {
    return this.view.segments.find((segment) => sameSegment(segment, key))
  }

  isLocked(key: SegmentKey): boolean {
    const segment = this.segment(key)
    return segment?.status === 'accepted' || segment?.locked === true
  }

  activate(key: SegmentKey | null): void {
    this.set({ active: key })
  }

  private activateFirst(): void {
    const first = orderedSegments(this.view.segments)[0]
    if (first) this.activate({ id: first.id, layer: first.layer })
  }

  /** The structure before or after the active one, from head to feet. */
  activateNext(by: 1 | -1): Segment | null {
    const ordered = orderedSegments(this.view.segments)
    const at = ordered.findIndex((segment) => this.view.active && sameSegment(segment, this.view.active))
    const next = ordered[at === -1 ? 0 : Math.max(0, Math.min(ordered.length - 1, at + by))]
    if (next) this.activate({ id: next.id, layer: next.layer })
    return next ?? null
  }

  /** Make a segment for a structure that has none yet, and go on with it. */
  addStructure(code: string): SegmentKey | null {
    const structure = this.view.structures.get(code)
    if (!structure) return null
    const known = this.view.segments.find((segment) => segment.structure === code && segment.layer === structure.layer)
    if (known) {
      this.activate({ id: known.id, layer: known.layer })
      return known
    }
    const used = new Set(this.view.segments.filter((segment) => segment.layer === structure.layer).map((segment) => segment.id))
    const id = Array.from({ length: 255 }, (_, i) => i + 1).find((each) => !used.has(each))
    if (id === undefined) return null
    const key = { id, layer: structure.layer }
    this.perform(`${nameOf(code)} added`, [{ kind: 'segments', set: [{ ...key, structure: code, status: 'edited' }], remove: [] }])
    this.activate(key)
    return key
  }

  accept(key: SegmentKey): void {
    const segment = this.segment(key)
    if (!segment || segment.status === 'accepted') return
    this.perform(`${nameOf(segment.structure)} accepted`, [{ kind: 'segments', set: [{ ...key, status: 'accepted' }], remove: [] }])
  }

  acceptAll(keys: readonly SegmentKey[]): void {
    const open = keys.filter((key) => this.segment(key)?.status !== 'accepted')
    if (open.length) this.perform(`${open.length} structures accepted`, [{ kind: 'segments', set: open.map((key) => ({ id: key.id, layer: key.layer, status: 'accepted' as const })), remove: [] }])
  }

  /** Open an accepted structure for change again. */
  reopen(key: SegmentKey): void {
    const segment = this.segment(key)
    if (!segment || !this.isLocked(key)) return
    this.perform(`${nameOf(segment.structure)} opened again`, [{ kind: 'segments', set: [{ ...key, status: 'edited', locked: false }], remove: [] }])
  }

  /** Take a structure out: its voxels in every stack, then its entry. One step to undo. */
  reject(key: SegmentKey): void {
    const segment = this.segment(key)
    if (!segment) return
    const steps: Step[] = []
    if (this.isLocked(key)) steps.push({ kind: 'segments', set: [{ ...key, status: 'edited', locked: false }], remove: [] })
    for (const manifest of this.view.manifests) {
      const labelmap = this.labelmap(manifest.stack, key.layer)
      const patch = labelmap && patchOf(labelmap, (edit) => replaceId(edit, key.id, 0))
      if (patch?.size) steps.push({ kind: 'patch', stack: manifest.stack, layer: key.layer, segment: key.id, tool: 'reject', patch })
    }
    steps.push({ kind: 'segments', set: [], remove: [{ id: key.id, layer: key.layer }] })
    this.perform(`${nameOf(segment.structure)} rejected`, steps)
  }

  /** Change voxels by one patch per stack: what was a proposal is now a person's. */
  change(label: string, patches: readonly PatchStep[]): void {
    const touched = new Set(patches.map((patch) => `${patch.layer} ${patch.segment ?? 0}`))
    const proposed = this.view.segments.filter((segment) => segment.status === 'proposed' && touched.has(`${segment.layer} ${segment.id}`))
    const set = proposed.map(({ id, layer }) => ({ id, layer, status: 'edited' as const }))
    this.perform(label, [...patches, ...(set.length ? [{ kind: 'segments' as const, set, remove: [] }] : [])])
  }

  // the ladder

  /** The ladder as it stands, or the one that the masks imply while nobody has touched it. */
  shownLadder(): Ladder {
    return this.view.ladder.bodies.length ? this.view.ladder : this.impliedLadder()
  }

  private implied: { segments: readonly Segment[]; known: number; ladder: Ladder } | null = null
  // Where a body is hardly changes by a stroke; looking at every voxel after each of them would be felt.
  private readonly centres = new Map<number, readonly number[]>()
  private readonly searched = new WeakMap<Labelmap, number>()

  private impliedLadder(): Ladder {
    const { segments, structures } = this.view
    this.findCentres(segments)
    if (this.implied?.segments === segments && this.implied.known === this.centres.size) return this.implied.ladder
    const ladder = ladderFromSegments(segments, new Map([...structures.values()].map((each) => [each.code, each.category])), this.centres)
    this.implied = { segments, known: this.centres.size, ladder }
    return ladder
  }

  private findCentres(segments: readonly Segment[]): void {
    for (const manifest of this.view.manifests) {
      if (segments.every((segment) => segment.layer !== 'instances' || this.centres.has(segment.id))) return
      const labelmap = this.labelmap(manifest.stack, 'instances')
      if (!labelmap || manifest.geometry === null || this.searched.get(labelmap) === labelmap.version) continue
      this.searched.set(labelmap, labelmap.version)
      const grid = new StackGrid(manifest)
      for (const [id, index] of centresOf(labelmap)) if (!this.centres.has(id)) this.centres.set(id, grid.toWorld(index))
    }
  }

  /** Do something to the ladder in one step; the first thing done writes down the ladder that the masks imply. Returns why not, or null. */
  number(label: string, fields: LadderFields): string | null {
    if (!this.canWrite) return 'The case is open for reading only.'
    const steps: LadderStep[] = []
    if (!this.view.ladder.bodies.length) {
      const { bodies, variant, evidence, unsure } = this.impliedLadder()
      if (!bodies.length) return 'Draw at least one vertebra first: the ladder hangs on the masks.'
      steps.push({ kind: 'ladder', fields: { action: 'set', ladder: { bodies, variant, evidence, unsure } } })
    }
    try {
      this.tryLadder([...steps.map((step) => step.fields), fields])
    } catch (error) {
      if (error instanceof Refused) return error.message
      throw error
    }
    this.perform(label, [...steps, { kind: 'ladder', fields }])
    return null
  }

  // Nothing is written unless the whole chain fits.
  private tryLadder(chain: readonly LadderFields[]): void {
    let { ladder, segments } = this.view
    const layers = new Map([...this.view.structures.values()].map((each) => [each.code, each.layer]))
    for (const fields of chain) ({ ladder, segments } = ladderApply(ladder, segments, fields, layers, this.schema))
  }

  // saving and leaving

  async saveNow(): Promise<void> {
    await this.outbox?.retry()
  }

  /** How many unsent operations are safe on this computer already. */
  get kept(): number {
    return this.outbox?.pending.length ?? 0
  }

  get unsent(): number {
    return this.outbox?.unsent ?? 0
  }

  /** The browser says the network is back, or somebody signed in again. */
  async resumeSaving(): Promise<void> {
    if (this.outbox && (this.view.save.kind === 'offline' || (this.view.save.kind === 'error' && this.view.save.needsSignIn))) await this.outbox.retry()
    if (this.view.phase.kind === 'failed') await this.open()
  }

  /** Keep work that no longer fits as a branch, then load what the server holds. */
  async keepAsBranch(): Promise<void> {
    const pending = [...(this.outbox?.pending ?? (await this.store.list(this.user, this.annotation)))]
    if (pending.length && this.lease && this.outbox) await branchKeep(this.annotation, batchOf(pending, this.outbox.acknowledgedSeq, this.lease))
    await this.store.remove(pending.map((operation) => operation.id))
    await this.reload()
  }

  async dropUnsent(): Promise<void> {
    const pending = this.outbox?.pending ?? []
    await this.store.remove(pending.map((operation) => operation.id))
    await this.reload()
  }

  private async reload(): Promise<void> {
    this.outbox?.dispose()
    this.history.clear()
    this.set({ save: { kind: 'saved', at: null }, undoable: 0, redoable: 0 })
    await this.open(true)
  }

  /** Send what is unsent, then freeze the annotation. Safe to call twice. Throws with the reason when it cannot be done now. */
  async submit(): Promise<void> {
    if (this.view.phase.kind === 'submitted') return
    if (!this.outbox || this.view.phase.kind !== 'ready') throw new Error('This case is open for reading only.')
    await this.outbox.flush()
    if (this.outbox.unsent) throw new Error(`${this.outbox.unsent} changes have not reached the server yet. They are kept; submit when the state says Saved.`)
    await annotationSubmit(this.annotation, this.outbox.acknowledgedSeq)
    this.stopRenewal()
    this.set({ phase: { kind: 'submitted' } })
  }

  private scheduleRenewal(): void {
    this.stopRenewal()
    const until = this.lease ? Date.parse(this.lease.lease_until) - Date.now() : 0
    if (until > 0) this.renewTimer = setTimeout(() => void this.renewLease(), Math.max(5000, until / 3))
  }

  private stopRenewal(): void {
    if (this.renewTimer !== null) clearTimeout(this.renewTimer)
    this.renewTimer = null
  }

  private async renewLease(): Promise<boolean> {
    if (!this.lease || this.disposed) return false
    try {
      this.lease = { ...this.lease, ...(await leaseRenew(this.lease.id)) }
      this.scheduleRenewal()
      return true
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return this.leaseAgain()
      this.scheduleRenewal()
      return false
    }
  }

  /** The lease ran out while nobody else wanted the case: take it again and go on. */
  private async leaseAgain(): Promise<boolean> {
    try {
      const opened = await caseOpen(this.caseId, await this.store.browser(), false)
      if (opened.annotation.id !== this.annotation) return false
      this.lease = opened.lease
      this.scheduleRenewal()
      return true
    } catch (error) {
      if (error instanceof ApiError && error.code === 'lease_held') {
        this.set({ phase: { kind: 'read-only', code: error.code, message: `${error.message} What you drew is kept.`, canTakeOver: true } })
      }
      return false
    }
  }

  /** The page is going away. */
  leave(): void {
    this.outbox?.leave()
  }

  /** SHA-256 of a mask as the server would hold it: every slice in stack order. For tests that compare the two. */
  async maskDigest(stack: string, layer: string): Promise<string> {
    const labelmap = this.labelmap(stack, layer)
    if (!labelmap) return ''
    const whole = new Uint8Array(labelmap.count * labelmap.size)
    for (let index = 0; index < labelmap.count; index += 1) whole.set(labelmap.slice(index), index * labelmap.size)
    return sha256(whole)
  }

  dispose(): void {
    this.disposed = true
    this.stopRenewal()
    this.outbox?.dispose()
    this.unlock()
    this.listeners.clear()
  }
}

const merged = (segment: Segment, change: SegmentChange | undefined): Segment => {
  if (!change) return segment
  return Object.fromEntries(Object.entries({ ...segment, ...change }).filter(([, value]) => value !== null)) as unknown as Segment
}

/** From head to feet, then layer by layer. */
export const orderedSegments = (segments: readonly Segment[]): Segment[] => [...segments].sort((a, b) => orderOf(a.structure) - orderOf(b.structure) || a.layer.localeCompare(b.layer) || a.id - b.id)

/** The patch of a change that is worked out on the mask and taken back at once, so that `perform` can do it for good. */
export const patchOf = (labelmap: Labelmap, change: (edit: LabelmapEdit) => void, mayOverwrite?: (id: number) => boolean): Patch => {
  const edit = new LabelmapEdit(labelmap, mayOverwrite)
  change(edit)
  const patch = edit.finish()
  if (patch.size) labelmap.apply(invertPatch(patch))
  return patch
}

export const replaceId = (edit: LabelmapEdit, from: number, to: number): void => {
  const { labelmap } = edit
  for (let slice = 0; slice < labelmap.count; slice += 1) {
    const data = labelmap.slice(slice)
    for (let offset = data.indexOf(from); offset !== -1; offset = data.indexOf(from, offset + 1)) edit.set(slice, offset, to)
  }
}
