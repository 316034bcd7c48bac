/** Getting what was done to the server: the outbox of an open annotation, its earlier leftovers, conflicts, and the submission. */
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
  ) {
    this.check = new SliceCheck(desk, () => this.unsent, resend)
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
        acknowledged: (answer, pending) => {
          this.desk.set({ seq: answer.seq })
          if (!pending.length) void this.check.compare(answer.slices)
        },
        changed: (save) => this.desk.set({ save }),
      },
      seq,
    )
  }

  keep(operation: Operation, step: Step): void {
    this.check.expect(step)
    void this.outbox?.put(operation)
  }

  /** Unsent work of an earlier tab, put back on the masks and sent. */
  async takeUpUnsent(replay: (operation: Operation) => void): Promise<void> {
    const left = await this.outbox?.resume()
    if (!left?.length) return
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

  async saveNow(): Promise<void> {
    await this.outbox?.retry()
  }

  /** Go on where the network or the session was lost. */
  async resume(): Promise<void> {
    const { save } = this.desk.view
    if (save.kind === 'offline' || (save.kind === 'error' && save.needsSignIn)) await this.outbox?.retry()
  }

  /** Put work that no longer fits beside the annotation as a branch; it leaves the outbox. */
  async branch(): Promise<void> {
    const pending = [...(this.outbox?.pending ?? (await this.store.list(this.user, this.desk.annotation)))]
    const { lease } = this.lease
    if (pending.length && lease && this.outbox) await branchKeep(this.desk.annotation, batchOf(pending, this.outbox.acknowledgedSeq, lease))
    await this.store.remove(pending.map((operation) => operation.id))
  }

  async drop(): Promise<void> {
    const pending = this.outbox?.pending ?? []
    await this.store.remove(pending.map((operation) => operation.id))
  }

  /** Send what is unsent, then freeze the annotation. Throws with the reason when it cannot be done now. */
  async submit(): Promise<void> {
    await annotationSubmit(this.desk.annotation, await this.settled())
  }

  /** Send what is unsent and return at how many operations the annotation stands then. Throws with the reason when it cannot be done now. */
  async settled(): Promise<number> {
    if (!this.outbox) throw new Error('This case is open for reading only.')
    await this.outbox.flush()
    if (this.outbox.unsent) throw new Error(`${this.outbox.unsent} changes have not reached the server yet. They are kept; go on when the state says Saved.`)
    return this.outbox.acknowledgedSeq
  }

  /** The page is going away. */
  leave(): void {
    this.outbox?.leave()
  }

  stop(): void {
    this.outbox?.dispose()
  }
}
