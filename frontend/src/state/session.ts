/** One reader at one case: what is open, what was drawn, what can be taken back, what is saved. Knows no screen and no WebGL. */
import { ApiError, UnreachableError } from '@/api/client'
import { sha256 } from '@/geometry/digest'
import type { LadderFields } from '@/geometry/ladder'
import type { Labelmap } from '@/geometry/labelmap'
import type { Ladder } from '@/geometry/numbering'
import type { StackManifest } from '@/geometry/stack'
import { caseGet, caseOpen, type Segment } from './annotation'
import { spentOf } from './effort'
import type { OutboxStore } from './outboxStore'
import { Desk, type SegmentKey, type SessionView } from './session/desk'
import { Branches } from './session/branches'
import { openedView, type Step } from './session/kinds'
import { LeaseKeeper } from './session/lease'
import { OperationLog, type Moved } from './session/log'
import { Numbering } from './session/numbering'
import { formsLoad, manifestsLoad, masksLoad, structuresLoad } from './session/opening'
import type { PatchStep } from './session/patches'
import { Saving } from './session/saving'
import { Structures } from './session/structures'

export { maskKey, type Phase, type SegmentKey, type SessionView } from './session/desk'
export type { Step } from './session/kinds'
export type { Act, Moved } from './session/log'
export { patchOf, replaceId, type PatchStep } from './session/patches'
export { freeId, orderedSegments, segmentTouched, type SegmentChange } from './session/segments'

export class ReadingSession {
  private readonly desk = new Desk()
  private readonly lease: LeaseKeeper
  private readonly saving: Saving
  private readonly log: OperationLog
  readonly structures: Structures
  readonly numbering: Numbering
  readonly branches: Branches

  constructor(
    readonly caseId: string,
    private readonly user: string,
    private readonly store: OutboxStore,
  ) {
    const { desk } = this
    this.lease = new LeaseKeeper(caseId, {
      open: () => this.ask(false),
      annotation: () => desk.annotation,
      lostToTab: () => this.lost('open_in_tab', 'The case was taken over in another tab. What you drew here is kept and goes on from there.'),
      lostToOther: (error) => desk.set({ phase: { kind: 'read-only', code: error.code, message: `${error.message} What you drew is kept.`, canTakeOver: true } }),
      gone: (message) => this.withdrawn(message),
    })
    this.log = new OperationLog(desk, (operation, step) => this.saving.keep(operation, step))
    this.saving = new Saving(desk, this.lease, user, store, (step) => void this.log.write(step, null), (message) => this.withdrawn(message))
    this.structures = new Structures(desk, this.log)
    this.numbering = new Numbering(desk, this.log)
    this.branches = new Branches(desk, this.log)
  }

  getView = (): SessionView => this.desk.view

  subscribe = (listener: () => void): (() => void) => this.desk.subscribe(listener)

  set onMaskChanged(listener: (stack: string) => void) {
    this.desk.onMaskChanged = listener
  }

  // opening

  private async ask(takeover: boolean) {
    return caseOpen(this.caseId, await this.store.browser(), takeover)
  }

  /** Open the case for writing, or say why it can only be looked at. */
  async open(takeover = false): Promise<void> {
    const { desk } = this
    desk.set({ phase: { kind: 'opening' } })
    // pictures need no lease: they come while it is asked for
    const looked = this.look()
    try {
      const isAlone = await this.lease.lockTab(takeover)
      if (!isAlone) {
        await this.lookOnly('open_in_tab', 'This case is open in another tab of this browser. Read it, or take it over.', true)
        return
      }
      await this.store.unlock(this.user)
      const opened = await this.ask(takeover)
      this.lease.hold(opened.lease)
      desk.annotation = opened.annotation.id
      desk.set({ case: opened.case, seq: opened.annotation.seq, isRevealed: opened.annotation.json['blind'] !== null, spent: spentOf(opened.annotation.json['effort']), ...openedView(opened.annotation) })
      this.saving.begin(opened.annotation.seq)
      await Promise.all([structuresLoad(desk, opened.case), looked.then((has) => (has ? undefined : manifestsLoad(desk, opened.case))), formsLoad(desk, opened.case)])
      await masksLoad(desk, opened.annotation)
      const offered = await this.saving.leftover()
      if (offered === null) {
        this.saving.stop()
        await this.open()
        return
      }
      desk.set({ offered })
      if (!desk.view.active) this.structures.activateFirst()
      desk.set({ phase: { kind: 'ready' } })
      this.lease.scheduleRenewal()
      void this.branches.find()
    } catch (error) {
      await this.openFailed(error)
    }
  }

  /** Bring the pictures in before the case is opened. Resolves with whether all of them came; why not, opening will say. */
  private async look(): Promise<boolean> {
    const { desk } = this
    if (desk.view.manifests.length) return false
    try {
      const info = await caseGet(this.caseId)
      if (desk.view.case) return false
      desk.set({ case: info })
      await manifestsLoad(desk, info)
      if (desk.view.phase.kind === 'withdrawn') desk.set({ manifests: [] })
      return desk.view.missing.length === 0
    } catch {
      return false
    }
  }

  private async openFailed(error: unknown): Promise<void> {
    if (error instanceof ApiError && error.status === 410) {
      this.withdrawn(error.message)
      return
    }
    if (error instanceof ApiError && error.status === 409) {
      await this.lookOnly(error.code, error.message, error.code === 'lease_held')
      return
    }
    const message = error instanceof UnreachableError ? 'Columna does not answer. The case opens when it is back.' : error instanceof Error ? error.message : 'The case cannot be opened.'
    this.desk.set({ phase: { kind: 'failed', message } })
  }

  private async lookOnly(code: string, message: string, canTakeOver: boolean): Promise<void> {
    try {
      const info = await caseGet(this.caseId)
      this.desk.set({ case: info })
      await Promise.all([structuresLoad(this.desk, info), manifestsLoad(this.desk, info)])
      this.desk.set({ phase: { kind: 'read-only', code, message, canTakeOver } })
    } catch (error) {
      this.desk.set({ phase: { kind: 'failed', message: error instanceof Error ? error.message : message } })
    }
  }

  /** Nothing of the study may be shown any more; what was not sent stays sealed in the outbox. */
  private withdrawn(message: string): void {
    this.saving.stop()
    this.lease.stop()
    this.log.clear()
    this.desk.labelmaps.clear()
    this.desk.set({ phase: { kind: 'withdrawn', message }, manifests: [], segments: [] })
  }

  private lost(code: string, message: string): void {
    this.saving.stop()
    this.lease.stop()
    this.desk.set({ phase: { kind: 'read-only', code, message, canTakeOver: true } })
  }

  // what is here

  get labelmaps(): ReadonlyMap<string, Labelmap> {
    return this.desk.labelmaps
  }

  get annotationId(): string {
    return this.desk.annotation
  }

  get canWrite(): boolean {
    return this.desk.canWrite
  }

  manifest = (stack: string): StackManifest | undefined => this.desk.manifest(stack)

  labelmap = (stack: string, layer: string): Labelmap | undefined => this.desk.labelmap(stack, layer)

  segment = (key: SegmentKey): Segment | undefined => this.desk.segment(key)

  isLocked = (key: SegmentKey): boolean => this.desk.isLocked(key)

  // what is done

  /** A stroke that is on the mask already. */
  painted = (step: PatchStep, label: string): void => this.log.painted(step, label)

  /** Anything else, by its steps: one act to undo. */
  perform = (label: string, steps: readonly Step[]): void => this.log.perform(label, steps)

  undo = (): Moved | null => this.log.undo()

  redo = (): Moved | null => this.log.redo()

  activate = (key: SegmentKey | null): void => this.structures.activate(key)

  activateNext = (by: 1 | -1): Segment | null => this.structures.activateNext(by)

  addStructure = (code: string): SegmentKey | null => this.structures.add(code)

  accept = (key: SegmentKey): void => this.structures.accept(key)

  acceptAll = (keys: readonly SegmentKey[]): void => this.structures.acceptAll(keys)

  setLocked = (key: SegmentKey, locked: boolean): void => this.structures.setLocked(key, locked)

  reopen = (key: SegmentKey): void => this.structures.reopen(key)

  reject = (key: SegmentKey): void => this.structures.reject(key)

  change = (label: string, patches: readonly PatchStep[]): void => this.structures.change(label, patches)

  shownLadder = (): Ladder => this.numbering.shown()

  number = (label: string, fields: LadderFields): string | null => this.numbering.number(label, fields)

  /** The reader has asked for what the model proposed. */
  revealed(): void {
    this.desk.set({ isRevealed: true })
  }

  // saving and leaving

  saveNow = (): Promise<void> => this.saving.saveNow()

  /** How many unsent operations are safe on this computer already. */
  get kept(): number {
    return this.saving.kept
  }

  get unsent(): number {
    return this.saving.unsent
  }

  /** The browser says the network is back, or somebody signed in again. */
  async resumeSaving(): Promise<void> {
    await this.saving.resume()
    if (this.desk.view.phase.kind === 'failed') await this.open()
  }

  /** Go on with what an earlier tab left unsent. */
  async takeUpUnsent(): Promise<void> {
    this.desk.set({ offered: 0 })
    await this.saving.takeUpUnsent((operation) => this.log.replay(operation))
  }

  /** Keep work that no longer fits as a branch, then load what the server holds. */
  async keepAsBranch(): Promise<void> {
    await this.saving.branch()
    await this.reload()
  }

  /** Somebody else has the case now: put what was not sent beside the annotation, and go on looking. */
  async branchUnsent(): Promise<void> {
    await this.saving.branch()
    this.desk.set({ save: { kind: 'saved', at: null } })
  }

  async dropUnsent(): Promise<void> {
    await this.saving.drop()
    await this.reload()
  }

  private async reload(): Promise<void> {
    this.saving.stop()
    this.log.clear()
    this.desk.set({ save: { kind: 'saved', at: null }, offered: 0 })
    await this.open(true)
  }

  /** Send what is unsent, then freeze the annotation. Safe to call twice. Throws with the reason when it cannot be done now. */
  async submit(): Promise<void> {
    const { phase } = this.desk.view
    if (phase.kind === 'submitted') return
    if (phase.kind !== 'ready') throw new Error('This case is open for reading only.')
    await this.saving.submit()
    this.lease.stop()
    this.desk.set({ phase: { kind: 'submitted' } })
  }

  /** Everything has reached the server; at how many operations the annotation stands. Throws with the reason when it cannot be so now. */
  settled = (): Promise<number> => this.saving.settled()

  /** The page is going away. */
  leave(): void {
    this.saving.leave()
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
    this.desk.clear()
    this.saving.stop()
    this.lease.dispose()
  }
}
