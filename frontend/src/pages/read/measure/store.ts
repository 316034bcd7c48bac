/** What the measuring part of the room shows beside the session. */
import type { DefinitionId, Measurement } from '@/geometry/measurement'
import type { Ground } from '@/geometry/placing'

export interface Selection {
  readonly id: string
  /** The point that the arrow keys move; null when they move an end vertebra. */
  readonly handle: string | null
  readonly end: 'upper' | 'lower'
}

/** A measurement that is being put down, point by point. */
export interface Placing {
  readonly id: string
  readonly definition: DefinitionId
  readonly stack: string
  readonly slice: string
  readonly ground: Ground
  readonly points: Readonly<Record<string, readonly number[]>>
  readonly listed: readonly (readonly number[])[]
  /** Landmarks the reader has left out. */
  readonly skipped: readonly string[]
}

export interface MeasureView {
  readonly placing: Placing | null
  readonly selected: Selection | null
  /** The measurement as it is while a handle is dragged: not in the log yet. */
  readonly draft: Measurement | null
  readonly isProposing: boolean
}

export class MeasureStore {
  private view: MeasureView = { placing: null, selected: null, draft: null, isProposing: false }
  private readonly listeners = new Set<() => void>()

  get = (): MeasureView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  set(change: Partial<MeasureView>): void {
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }
}
