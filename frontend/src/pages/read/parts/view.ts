import type { PaneSpec } from '@/viewer/pane'
import type { ToolName } from '@/viewer/tools'
import { NOTHING_KNOWN, type Sureness } from '../doubts'
import type { Hanging } from '../hanging'

export interface Notice {
  readonly id: number
  readonly title: string
  readonly text: string
  readonly tone: 'ok' | 'attn' | 'info'
  readonly undo: 'undo' | 'redo' | null
}

/** What the screen of the room shows beside the session. */
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
  /** Which tab of the panel at the right is open. */
  readonly panel: string
}

const INITIAL: RoomView = {
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
  panel: 'structures',
}

/** The room's view and who listens to it. */
export class RoomStore {
  private view = INITIAL
  private readonly listeners = new Set<() => void>()

  get = (): RoomView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  set(change: Partial<RoomView>): void {
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }
}
