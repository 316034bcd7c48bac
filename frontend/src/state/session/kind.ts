/** What a kind of operation is to the log: one file says how it is done, taken back, written down and read again. */
import type { AnnotationInfo, Json } from '../annotation'
import type { Desk, SessionView } from './desk'

export interface Written {
  /** What the header carries besides id, kind, time and `undoes`. */
  readonly fields: Json
  readonly bodies: readonly Uint8Array[]
}

/**
 * Undo, redo, the outbox, its replay after a killed tab and branches come with it. To add a kind: a file beside this one, one
 * entry in `kinds.ts`, and the fields of its own in `SessionView`.
 */
export interface StepKind<Step extends { readonly kind: string }> {
  readonly kind: Step['kind']
  /** The fields of the view that this kind fills from an annotation as it is opened. */
  readonly opened?: (annotation: AnnotationInfo) => Partial<SessionView>
  readonly apply: (desk: Desk, step: Step) => void
  /** The step that takes this one back, worked out before it is done. */
  readonly inverse: (desk: Desk, step: Step) => Step
  readonly write: (desk: Desk, step: Step) => Written
  /** The step of an operation as it was written; null when it names nothing that is here. */
  readonly read: (desk: Desk, header: Json, body: Uint8Array) => Step | null
  /** The step that makes this part as another annotation of the case has it; null when it is so already. For branches. */
  readonly towards?: (desk: Desk, other: AnnotationInfo) => Step | null
}
