/** What was done, in order: every act is entered here, can be taken back whole, and goes to the outbox. */
import { envelopeDecode, envelopeEncode } from '@/geometry/envelope'
import { History } from '../history'
import type { Operation } from '../outboxStore'
import type { Desk } from './desk'
import { kindNamed, kindOf, type Step } from './kinds'
import type { PatchStep } from './patches'

/** What one key press or stroke did: taken back whole. `ids` are the operations it was sent as. */
export interface Act {
  readonly label: string
  readonly steps: readonly Step[]
  readonly inverse: readonly Step[]
  readonly ids: readonly string[]
}

export interface Moved {
  readonly act: Act
  readonly isUndo: boolean
}

export class OperationLog {
  private readonly history = new History<Act>()

  /** `keep` takes an operation to the outbox, with the step it was made of. */
  constructor(
    private readonly desk: Desk,
    private readonly keep: (operation: Operation, step: Step) => void,
  ) {}

  /** A stroke that is on the mask already: enter it, as one step with what follows from it. */
  painted(step: PatchStep, label: string): void {
    const { desk } = this
    const steps: Step[] = [step]
    const segment = desk.segment({ id: step.segment ?? 0, layer: step.layer })
    if (segment?.status === 'proposed') steps.push({ kind: 'segments', set: [{ id: segment.id, layer: segment.layer, status: 'edited' }], remove: [] })
    const inverse = steps.map((each) => kindOf(each).inverse(desk, each)).reverse()
    for (const each of steps) if (each !== step) kindOf(each).apply(desk, each)
    this.enter(label, steps, inverse)
  }

  /** Do something by its steps and enter it: the one way by which anything but a stroke changes. `following` are steps worked out on what the first ones left. */
  perform(label: string, steps: readonly Step[], following: () => readonly Step[] = () => []): void {
    const inverse: Step[] = []
    const all: Step[] = []
    const act = (step: Step) => {
      inverse.unshift(kindOf(step).inverse(this.desk, step))
      kindOf(step).apply(this.desk, step)
      all.push(step)
    }
    steps.forEach(act)
    following().forEach(act)
    if (all.length) this.enter(label, all, inverse)
  }

  private enter(label: string, steps: readonly Step[], inverse: readonly Step[]): void {
    const ids = steps.map((step) => this.write(step, null))
    this.history.push({ label, steps, inverse, ids })
    this.desk.set({ undoable: this.history.undoable, redoable: this.history.redoable, lastAct: label })
  }

  undo(): Moved | null {
    return this.move(true)
  }

  redo(): Moved | null {
    return this.move(false)
  }

  private move(isUndo: boolean): Moved | null {
    if (!this.desk.canWrite) return null
    const take = (act: Act): Act => {
      const steps = isUndo ? act.inverse : act.steps
      const undoes = isUndo ? [...act.ids].reverse() : act.ids
      const ids = steps.map((step, i) => {
        kindOf(step).apply(this.desk, step)
        return this.write(step, undoes[i] ?? null)
      })
      return { ...act, ids: isUndo ? [...ids].reverse() : ids }
    }
    const act = isUndo ? this.history.undo(take) : this.history.redo(take)
    this.desk.set({ undoable: this.history.undoable, redoable: this.history.redoable, lastAct: act ? `${isUndo ? 'Undone' : 'Redone'}: ${act.label}` : this.desk.view.lastAct })
    return act ? { act, isUndo } : null
  }

  /** Write a step down as an operation, an envelope of its own, and hand it to the outbox. Returns its id. */
  write(step: Step, undoes: string | null): string {
    const id = crypto.randomUUID()
    const { fields, bodies } = kindOf(step).write(this.desk, step)
    const header = { id, kind: step.kind, at: new Date().toISOString(), ...(undoes === null ? {} : { undoes }), ...fields }
    this.keep({ id, bytes: envelopeEncode(header, bodies) }, step)
    return id
  }

  /** Do again what an operation says, without entering it: it is in the outbox already. Throws OldValueMismatch when it does not fit. */
  replay(operation: Operation): void {
    const { header, rest } = envelopeDecode(operation.bytes)
    const json = header as Readonly<Record<string, unknown>>
    const kind = kindNamed(json['kind'])
    const step = kind?.read(this.desk, json, rest)
    if (kind && step) kind.apply(this.desk, step)
  }

  clear(): void {
    this.history.clear()
    this.desk.set({ undoable: 0, redoable: 0 })
  }
}
