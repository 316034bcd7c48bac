/** What lies on the reader's table: the view that screens watch, and the masks. Every part of a session reads and writes here. */
import type { Form, Grades } from '@/geometry/grades'
import type { Labelmap } from '@/geometry/labelmap'
import type { Measurement } from '@/geometry/measurement'
import { emptyLadder, type Ladder } from '@/geometry/numbering'
import type { StackManifest } from '@/geometry/stack'
import type { BranchInfo, CaseInfo, Segment, Structure } from '../annotation'
import type { Spent } from '../effort'
import type { SaveState } from '../outbox'

export type SegmentKey = Readonly<Pick<Segment, 'id' | 'layer'>>

export type Phase =
  | { readonly kind: 'opening' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'read-only'; readonly code: string; readonly message: string; readonly canTakeOver: boolean }
  | { readonly kind: 'submitted' }
  /** The subject withdrew: nothing of the study is shown any more. */
  | { readonly kind: 'withdrawn'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }

export interface SessionView {
  readonly phase: Phase
  readonly case: CaseInfo | null
  readonly manifests: readonly StackManifest[]
  readonly missing: readonly { readonly stack: string; readonly message: string }[]
  readonly segments: readonly Segment[]
  readonly structures: ReadonlyMap<string, Structure>
  readonly ladder: Ladder
  readonly measurements: readonly Measurement[]
  readonly grades: Grades
  /** The forms of the protocol, by code. */
  readonly forms: ReadonlyMap<string, Form>
  readonly active: SegmentKey | null
  readonly masksLoaded: number
  readonly masksTotal: number
  readonly save: SaveState
  readonly seq: number
  readonly undoable: number
  readonly redoable: number
  readonly lastAct: string
  readonly restored: number
  /** Whether this reader, reading blind first, has asked for the model's proposal. */
  readonly isRevealed: boolean
  /** Time of earlier visits, in seconds. */
  readonly spent: Spent
  /** Unsent changes of an earlier tab that wait for a word; 0 when there are none. */
  readonly offered: number
  /** Slices that the server held otherwise and that were sent again. */
  readonly resent: number
  readonly branches: readonly BranchInfo[]
}

const EMPTY: SessionView = {
  phase: { kind: 'opening' },
  case: null,
  manifests: [],
  missing: [],
  segments: [],
  structures: new Map(),
  ladder: emptyLadder(),
  measurements: [],
  grades: {},
  forms: new Map(),
  active: null,
  masksLoaded: 0,
  masksTotal: 0,
  save: { kind: 'saved', at: null },
  seq: 0,
  undoable: 0,
  redoable: 0,
  lastAct: '',
  restored: 0,
  isRevealed: false,
  spent: { active: 0, idle: 0 },
  offered: 0,
  resent: 0,
  branches: [],
}

export const maskKey = (stack: string, layer: string): string => `${stack}/${layer}`
export const sameSegment = (a: SegmentKey, b: SegmentKey): boolean => a.id === b.id && a.layer === b.layer

export class Desk {
  private shown: SessionView = EMPTY
  private readonly listeners = new Set<() => void>()
  private isCleared = false
  readonly labelmaps = new Map<string, Labelmap>()
  /** The annotation that is written on; empty before the case is open. */
  annotation = ''
  /** Structure code to layer, of the whole schema: the protocol may choose fewer. */
  schema: ReadonlyMap<string, string> = new Map()
  /** Called when a mask changed by anything but the reader's own hand on the canvas. */
  onMaskChanged: (stack: string) => void = () => undefined

  get view(): SessionView {
    return this.shown
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  set(change: Partial<SessionView>): void {
    if (this.isCleared) return
    this.shown = { ...this.shown, ...change }
    this.listeners.forEach((listener) => listener())
  }

  /** Nobody looks any more: what still comes in changes nothing. */
  clear(): void {
    this.isCleared = true
    this.listeners.clear()
  }

  get isGone(): boolean {
    return this.isCleared
  }

  get canWrite(): boolean {
    return this.shown.phase.kind === 'ready' && this.shown.save.kind !== 'conflict' && this.shown.offered === 0
  }

  manifest(stack: string): StackManifest | undefined {
    return this.shown.manifests.find((each) => each.stack === stack)
  }

  labelmap(stack: string, layer: string): Labelmap | undefined {
    return this.labelmaps.get(maskKey(stack, layer))
  }

  segment(key: SegmentKey): Segment | undefined {
    return this.shown.segments.find((segment) => sameSegment(segment, key))
  }

  isLocked(key: SegmentKey): boolean {
    const segment = this.segment(key)
    return segment?.status === 'accepted' || segment?.locked === true
  }

  /** Structure code to layer, of the protocol's structures. */
  get layerOf(): ReadonlyMap<string, string> {
    return new Map([...this.shown.structures.values()].map((each) => [each.code, each.layer]))
  }

  allMasksChanged(): void {
    for (const manifest of this.shown.manifests) this.onMaskChanged(manifest.stack)
  }
}
