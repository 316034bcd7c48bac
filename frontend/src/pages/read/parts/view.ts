import type { PromptKind } from '@/state/prompts'
import type { PaneSpec } from '@/viewer/pane'
import type { ToolName } from '@/viewer/tools'
import type { ScissorsSettings } from '@/viewer/tools/outlines'
import { NOTHING_KNOWN, type Sureness } from '../doubts'
import type { PriorShown } from './priors'
import type { Hanging } from '../hanging'

export interface Notice {
  readonly id: number
  readonly title: string
  readonly text: string
  readonly tone: 'ok' | 'attn' | 'info'
  readonly undo: 'undo' | 'redo' | null
}

export type Overwrite = 'all' | 'visible' | 'none'

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
  /** Series of earlier studies that were looked at, by stack. */
  readonly priors: ReadonlyMap<string, PriorShown>
  /** Series of one frame of reference scroll together. */
  readonly isLinked: boolean
  /** Stacks that opened as a region and were then loaded whole. */
  readonly whole: ReadonlySet<string>
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
  /** Of what the model does for a question, so many steps are done. */
  readonly promptStep: number
  /** Which tab of the panel at the right is open. */
  readonly panel: string
  readonly cine: { readonly isPlaying: boolean; readonly fps: number }
  /** The spine in 3D stands in the last place beside the large picture. */
  readonly isSurfaceShown: boolean
  readonly scissors: ScissorsSettings
  /** Which other structures a stroke may paint over; accepted and locked ones never. */
  readonly overwrite: Overwrite
  readonly promptKind: PromptKind
  /** The model's server does not answer; so many prompts wait for it. */
  readonly ai: { readonly isDown: boolean; readonly waiting: number }
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
  priors: new Map(),
  isLinked: true,
  whole: new Set(),
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
  promptStep: 0,
  panel: 'structures',
  cine: { isPlaying: false, fps: 10 },
  isSurfaceShown: false,
  scissors: { shape: 'freehand', side: 'inside', depth: 'slice' },
  overwrite: 'visible',
  promptKind: 'click',
  ai: { isDown: false, waiting: 0 },
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
