/** Getting what was done to the server: the outbox of an open annotation, its earlier leftovers, conflicts, and the submission. */
import { ApiError } from '@/api/client'
import { OldValueMismatch } from '@/geometry/patch'
import { annotationSubmit, batchOf, branchKeep, operationsKnown, operationsSend } from '../annotation'
import { Outbox } from '../outbox'
import type { Operation, OutboxStore } from '../outboxStore'
import type { Desk } from './desk'
import type { Step } from './kinds'
import type { LeaseKeeper } from './lease'
import { SliceCheck } from './slices'

export class Saving {
  private outbox: Outbox | null = null
  private readonly check: SliceCheck

  /** `resend` enters a step that puts right what the server holds. */
  constructor(
    private readonly desk: Desk,
    private readonly lease: LeaseKeeper,
    private readonly user: string,
    private readonly store: OutboxStore,
    resend: (step: Step) => void,
    private readonly gone: (message: string) => void,
  ) {
    this.check = new SliceCheck(desk, {
      pending: () => this.outbox?.entered ?? [],
      unsent: () => this.unsent,
      resend,
      failed: (error) => this.checkFailed(error),
    })
  }

  // A look that fails is taken again; only that the study is gone matters at once.
  private checkFailed(error: unknown): void {
    if (error instanceof ApiError && error.status === 410) this.gone(error.message)
  }

  /** Begin with an annotation that stands at `seq`. */
  begin(seq: number): void {
    const { annotation } = this.desk
    this.outbox = new Outbox(
      this.store,
      {
        user: this.user,
        annotation,
        send: (operations, baseSeq, isLast) => {
          const { lease } = this.lease
          return lease ? operationsSend(annotation, batchOf(operations, baseSeq, lease), isLast) : Promise.resolve({ kind: 'unreachable' as const })
        },
        known: (after) => operationsKnown(annotation, after),
        renew: () => this.lease.renew(),
        heal: () => this.check.healDamaged(),
        gone: this.gone,
        acknowledged: (answer) => {
          this.desk.set({ seq: answer.seq })
          void this.check.acknowledged(answer)
        },
        changed: (save) => this.desk.set({ save }),
      },
      seq,
    )
    this.check.start()
  }

  keep(operation: Operation, step: Step): void {
    this.check.expect(step)
    void this.outbox?.put(operation)
  }

  /**
   * How much an earlier tab left unsent; it waits for {@link takeUpUnsent} or {@link branch}. Null when its last batch arrived
   * while the case was opening, so that what was loaded is old: open it again.
   */
  async leftover(): Promise<number | null> {
    const left = (await this.outbox?.resume())?.length ?? 0
    if (this.outbox?.isOvertaken) return null
    if (!left || !this.outbox || this.outbox.base === this.outbox.acknowledgedSeq) return left
    this.desk.set({
      save: { kind: 'conflict', count: left, code: 'stale_revision', message: 'Changes are kept on this computer that were never sent, and the case was worked on somewhere else since.' },
    })
    return 0
  }

  /** Put unsent work of an earlier tab back on the masks and send it. */
  async takeUpUnsent(replay: (operation: Operation) => void): Promise<void> {
    const left = this.outbox?.pending ?? []
    try {
      for (const operation of left) replay(operation)
      this.desk.set({ restored: left.length })
      await this.outbox?.retry()
    } catch (error) {
      if (!(error instanceof OldValueMismatch)) throw error
      this.desk.set({
        save: { kind: 'conflict', count: left.length, code: 'old_value_mismatch', message: 'Changes kept on this computer no longer fit what the server holds. Keep them as a branch, or drop them.' },
      })
    }
  }

  /** How many unsent operations are safe on this computer already. */
  get kept(): number {
    return this.outbox?.pending.length ?? 0
  }

  get unsent(): number {
    return this.outbox?.unsent ?? 0
  }

  /** Send what is unsent, and hold what is saved against what shows. */
  async saveNow(): Promise<void> {
    await this.outbox?.retry()
    await this.check.look()
  }

  /** Go on where the network or the session was lost. */
  async resume(): Promise<void> {
    const { save } = this.desk.view
    if (save.kind === 'offline' || (save.kind === 'error' && save.needsSignIn)) await this.outbox?.retry()
  }

  /** Put unsent work beside the annotation as a branch, where it began; it leaves the outbox only when the server has it. */
  async branch(): Promise<void> {
    const pending = [...(this.outbox?.pending ?? [])]
    const { lease } = this.lease
    if (!pending.length || !lease || !this.outbox) return
    await branchKeep(this.desk.annotation, batchOf(pending, this.outbox.base, lease))
    await this.outbox.drop()
  }

  async drop(): Promise<void> {
    await this.outbox?.drop()
  }

  /** Send what is unsent, then freeze the annotation. Throws with the reason when it cannot be done now. */
  async submit(): Promise<void> {
    await annotationSubmit(this.desk.annotation, await this.settled())
  }

  /** Send what is unsent and return at how many operations the annotation stands then. Throws with the reason when it cannot be done now. */
  async settled(): Promise<number> {
    if (!this.outbox) throw new Error('This case is open for reading only.')
    await this.outbox.flush()
    if (this.outbox.unsent) throw new Error(unsentWords(this.outbox.unsent))
    return this.outbox.acknowledgedSeq
  }

  /** The page is going away. */
  leave(): void {
    this.outbox?.leave()
  }

  stop(): void {
    this.check.stop()
    this.outbox?.dispose()
  }
}

const unsentWords = (count: number): string => `${count} ${count === 1 ? 'change has' : 'changes have'} not reached the server yet. What you drew is kept on this computer; submit when the state says Saved.`
