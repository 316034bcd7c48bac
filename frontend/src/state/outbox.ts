/** Unsent operations on their way to the server: kept first, sent next, forgotten only when acknowledged. */
import type { Operation, OutboxStore } from './outboxStore'

export type SaveState =
  | { readonly kind: 'saved'; readonly at: Date | null }
  | { readonly kind: 'saving'; readonly count: number }
  /** `message` is what the server said of itself, where it did answer. */
  | { readonly kind: 'offline'; readonly count: number; readonly message?: string }
  | { readonly kind: 'conflict'; readonly count: number; readonly code: string; readonly message: string }
  | { readonly kind: 'error'; readonly count: number; readonly message: string; readonly needsSignIn: boolean }

export interface Acknowledged {
  readonly seq: number
  readonly applied: readonly { readonly id: string; readonly seq: number }[]
  readonly slices: readonly { readonly stack: string; readonly layer: string; readonly key: string; readonly digest: string }[]
}

export type SendOutcome =
  | { readonly kind: 'done'; readonly acknowledged: Acknowledged }
  | { readonly kind: 'unreachable'; readonly message?: string }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'conflict'; readonly code: string; readonly message: string; readonly state: Readonly<Record<string, unknown>> }
  /** A slice that the batch stands on is damaged where it is stored. */
  | { readonly kind: 'damaged' }
  /** The study was withdrawn. */
  | { readonly kind: 'gone'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }

export interface OutboxPort {
  readonly user: string
  readonly annotation: string
  /** Send a batch that stands on `baseSeq`, under the lease as it is now. `isLast` when the page is going away. */
  send: (operations: readonly Operation[], baseSeq: number, isLast: boolean) => Promise<SendOutcome>
  /** Ids that the server already has after `seq`, and where it stands. Null when it does not answer. */
  known: (after: number) => Promise<{ readonly seq: number; readonly ids: readonly string[] } | null>
  /** Get the lease again; false when somebody else has the case. */
  renew: () => Promise<boolean>
  /** Put right what is damaged at the server; false when that cannot be done. */
  heal: () => Promise<boolean>
  gone: (message: string) => void
  acknowledged: (answer: Acknowledged, pending: readonly Operation[]) => void
  changed: (state: SaveState) => void
}

const FLUSH_AFTER_MS = 150
const BATCH_OPERATIONS = 64
const BATCH_BYTES = 2 * 1024 * 1024
/** What the browser lets out of a page that is going away. */
const LAST_BYTES = 60 * 1024
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15_000]

/**
 * Order is kept, nothing is skipped: an operation leaves the store only when the server has said its id. A conflict stops
 * sending and keeps everything; a person decides what becomes of it.
 */
export class Outbox {
  private queue: Operation[] = []
  private readonly writing: Operation[] = []
  private flight: Promise<void> | null = null
  private timer: ReturnType<typeof setTimeout> | null = null
  private failures = 0
  private why: { readonly message?: string } = {}
  private stopped = false
  private state: SaveState = { kind: 'saved', at: null }
  private wasOvertaken = false
  private chain: Promise<void> = Promise.resolve()

  constructor(
    private readonly store: OutboxStore,
    private readonly port: OutboxPort,
    private seq: number,
    private readonly now: () => Date = () => new Date(),
  ) {}

  get saveState(): SaveState {
    return this.state
  }

  get acknowledgedSeq(): number {
    return this.seq
  }

  /** Operations the server has not acknowledged. */
  get unsent(): number {
    return this.queue.length + this.writing.length
  }

  get pending(): readonly Operation[] {
    return this.queue
  }

  /** The same, with what is on its way to the disk: everything that shows and that the server has not acknowledged. */
  get entered(): readonly Operation[] {
    return [...this.queue, ...this.writing]
  }

  /** Where the unsent work begins, as its writer saw the log. */
  get base(): number {
    return this.queue[0]?.base ?? this.seq
  }

  /** The server stands further than the annotation did when it was opened: the last batch of the tab before came in between. */
  get isOvertaken(): boolean {
    return this.wasOvertaken
  }

  /** Take up what an earlier tab left, without what the server has meanwhile; resolves with what is still to be sent. */
  async resume(): Promise<readonly Operation[]> {
    const left = await this.store.list(this.port.user, this.port.annotation)
    if (!left.length) return []
    const known = await this.port.known(0)
    this.wasOvertaken = known !== null && known.seq > this.seq
    const have = new Set(known?.ids ?? [])
    await this.store.remove(left.filter((operation) => have.has(operation.id)).map((operation) => operation.id))
    this.queue = left.filter((operation) => !have.has(operation.id))
    return this.queue
  }

  /** Keep an operation, then send it. Resolves when it is kept on this computer. */
  async put(entered: Operation): Promise<void> {
    const operation = { ...entered, base: this.seq + this.unsent }
    this.writing.push(operation)
    const kept = this.chain.then(() => this.store.put(this.port.user, this.port.annotation, operation))
    this.chain = kept.catch(() => undefined)
    try {
      await kept
    } catch {
      // no room or no permission to keep it: sending is the only way left, and the state says so
      this.show({ kind: 'error', count: this.unsent, message: 'This browser cannot keep unsent work. Stay on the page until it says Saved.', needsSignIn: false })
    }
    this.writing.splice(this.writing.indexOf(operation), 1)
    this.queue.push(operation)
    if (this.state.kind !== 'conflict' && this.state.kind !== 'error') this.show(this.failures ? { kind: 'offline', count: this.unsent, ...this.why } : { kind: 'saving', count: this.unsent })
    else this.show({ ...this.state, count: this.unsent })
    this.schedule(FLUSH_AFTER_MS)
  }

  private schedule(after: number): void {
    if (this.stopped || this.timer !== null) return
    this.timer = setTimeout(() => {
      this.timer = null
      void this.flush()
    }, after)
  }

  /** Send now what there is; resolves when nothing is unsent or when it cannot go on by itself. */
  async flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    await this.chain
    this.flight ??= this.run().finally(() => {
      this.flight = null
    })
    await this.flight
  }

  /** Try again after the network came back, a sign-in, or a conflict that a person settled. */
  async retry(): Promise<void> {
    this.stopped = false
    this.failures = 0
    if (this.queue.length) this.show({ kind: 'saving', count: this.unsent })
    await this.flush()
  }

  private async run(): Promise<void> {
    while (this.queue.length && !this.stopped) {
      const batch = this.batch(BATCH_BYTES)
      const outcome = await this.port.send(batch, this.seq, false)
      const goesOn = await this.settle(outcome)
      if (!goesOn) return
    }
    if (!this.queue.length && !this.stopped) this.show({ kind: 'saved', at: this.state.kind === 'saved' ? this.state.at : this.now() })
  }

  private batch(limit: number): Operation[] {
    const batch: Operation[] = []
    let bytes = 0
    for (const operation of this.queue) {
      bytes += operation.bytes.length
      if (batch.length >= BATCH_OPERATIONS || (batch.length && bytes > limit)) break
      batch.push(operation)
    }
    return batch
  }

  private async settle(outcome: SendOutcome): Promise<boolean> {
    switch (outcome.kind) {
      case 'done':
        await this.forget(outcome.acknowledged)
        return true
      case 'unreachable': {
        const pause = BACKOFF_MS[Math.min(this.failures, BACKOFF_MS.length - 1)] ?? 15_000
        this.failures += 1
        this.why = outcome.message ? { message: outcome.message } : {}
        this.show({ kind: 'offline', count: this.unsent, ...this.why })
        this.schedule(pause)
        return false
      }
      case 'signed-out':
        this.stop({ kind: 'error', count: this.unsent, message: 'You are signed out. Sign in; your changes are kept.', needsSignIn: true })
        return false
      case 'damaged':
        if (await this.port.heal()) return true
        this.stop({ kind: 'error', count: this.unsent, message: 'A slice is damaged at the server, and this browser does not hold it whole. Your changes are kept; tell the operator.', needsSignIn: false })
        return false
      case 'gone':
        this.stop({ kind: 'error', count: this.unsent, message: outcome.message, needsSignIn: false })
        this.port.gone(outcome.message)
        return false
      case 'refused':
        this.stop({ kind: 'error', count: this.unsent, message: outcome.message, needsSignIn: false })
        return false
      case 'conflict':
        return this.settleConflict(outcome)
    }
  }

  private async settleConflict(outcome: Extract<SendOutcome, { kind: 'conflict' }>): Promise<boolean> {
    if (outcome.code === 'stale_revision' && (await this.catchUp())) return true
    if (outcome.code === 'lease_expired' && (await this.port.renew())) return true
    this.stop({ kind: 'conflict', count: this.unsent, code: outcome.code, message: outcome.message })
    return false
  }

  /** An answer was lost on the way: find out what arrived. False when the log holds work that is not ours. */
  private async catchUp(): Promise<boolean> {
    const known = await this.port.known(this.seq)
    if (!known) return false
    const ours = new Set(this.queue.map((operation) => operation.id))
    if (!known.ids.every((id) => ours.has(id))) return false
    if (known.ids.length === 0 && known.seq === this.seq) return false
    await this.forget({ seq: known.seq, applied: known.ids.map((id, i) => ({ id, seq: this.seq + 1 + i })), slices: [] })
    return true
  }

  private async forget(answer: Acknowledged): Promise<void> {
    const done = new Set(answer.applied.map((entry) => entry.id))
    this.queue = this.queue.filter((operation) => !done.has(operation.id))
    this.seq = answer.seq
    this.failures = 0
    await this.store.remove([...done])
    this.port.acknowledged(answer, this.queue)
    this.show(this.unsent ? { kind: 'saving', count: this.unsent } : { kind: 'saved', at: this.now() })
  }

  /** Forget what is unsent: it is kept elsewhere, or a person gave it up. */
  async drop(): Promise<void> {
    const gone = this.queue
    this.queue = []
    await this.store.remove(gone.map((operation) => operation.id))
  }

  private stop(state: SaveState): void {
    this.stopped = true
    this.show(state)
  }

  private show(state: SaveState): void {
    this.state = state
    this.port.changed(state)
  }

  /** The page is going away: hand the browser what fits. What does not is in the store and goes next time. */
  leave(): void {
    if (!this.queue.length || this.stopped) return
    void this.port.send(this.batch(LAST_BYTES), this.seq, true)
  }

  dispose(): void {
    this.stopped = true
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }
}
