/** The bench on which two or three readings lie: their masks, the pictures, which disagreement is in hand, and what was picked. */
import { framesGet, manifestGet } from '@/state/annotation'
import type { StackManifest } from '@/geometry/stack'
import { masksGet, type ProposalMask } from '@/state/proposal'
import { adjudicationOpen, consensusSubmit, pickSend, sideMaskPath, sidesOf, takesOf, type Adjudication, type Finding, type OutlineFinding, type Side, type Take } from '@/state/review'
import { ReadingViewer } from '@/viewer/engine'
import type { PaneSpec, PaneState } from '@/viewer/pane'
import { outlinesLayer, type Look } from './outlines'

export interface BenchView {
  readonly adjudication: Adjudication
  readonly manifests: readonly StackManifest[]
  readonly panes: readonly PaneSpec[]
  readonly states: ReadonlyMap<string, PaneState>
  readonly at: number
  /** Its pictures and masks still come, and the case is not leased yet. */
  readonly isOpening: boolean
  readonly isDifferenceShown: boolean
  readonly isWriting: boolean
  /** Why nothing can be settled now; empty when it can. */
  readonly refused: string
  readonly note: string
  readonly seq: number
}

export class Bench {
  readonly viewer: ReadingViewer
  private view: BenchView
  private sides: Record<Side, readonly ProposalMask[]> = { a: [], b: [], c: [] }
  private readonly listeners = new Set<() => void>()
  private readonly opened: Promise<void>
  /** Where the pictures go as soon as they hang. */
  private wanted: OutlineFinding | null = null
  private hasMoved = false
  private isGone = false

  constructor(
    adjudication: Adjudication,
    private readonly client: () => Promise<string>,
  ) {
    this.view = { adjudication, manifests: [], panes: [], states: new Map(), at: 0, isOpening: true, isDifferenceShown: true, isWriting: false, refused: '', note: '', seq: 0 }
    this.viewer = new ReadingViewer({
      paneChanged: (id, state) => {
        this.set({ states: new Map(this.view.states).set(id, state) })
        this.lookAtWanted()
      },
      progressed: () => undefined,
      activated: () => undefined,
      painted: () => undefined,
      refused: () => undefined,
      brushResized: () => undefined,
      target: () => ({ refused: 'Masks are changed in the reading room: press 3.' }),
    })
    this.viewer.setTool('pan')
    this.viewer.layers.add(outlinesLayer(() => this.sides, this.look))
    this.opened = this.open()
  }

  getView = (): BenchView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private set(change: Partial<BenchView>): void {
    if (this.isGone) return
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }

  private async open(): Promise<void> {
    const { adjudication } = this.view
    const found = await Promise.all(adjudication.stacks.map((stack) => manifestGet(stack.id).then((manifest) => ({ description: stack.description, ...manifest })).catch(() => null)))
    const manifests = found.filter((manifest) => manifest !== null)
    for (const manifest of manifests) this.viewer.addStack(manifest, (from, count, signal) => framesGet(manifest.stack, from, count, signal))
    const layers = [...new Set(sidesOf(adjudication).flatMap((side) => adjudication[side]?.segments ?? []).map((segment) => segment.layer))]
    const [a, b, c] = await Promise.all(sidesOf(adjudication).map((side) => masksGet(manifests, layers, (stack, layer) => sideMaskPath(adjudication.id, side, stack, layer))))
    this.sides = { a: a ?? [], b: b ?? [], c: c ?? [] }
    this.set({ manifests })
    this.hang(this.stackOf(this.finding) ?? manifests[0]?.stack)
    await this.begin(false)
    const first = this.openFindings[0]
    if (first && !this.hasMoved) this.show(this.view.adjudication.findings.indexOf(first))
    this.set({ isOpening: false })
  }

  /** Lease the case and have a consensus to write into. */
  async begin(takeover: boolean): Promise<void> {
    try {
      const { adjudication, annotation } = await adjudicationOpen(this.view.adjudication.id, await this.client(), takeover)
      this.set({ adjudication, seq: annotation.seq, refused: '' })
    } catch (error) {
      this.set({ refused: error instanceof Error ? error.message : 'The case cannot be opened.' })
    }
  }

  private hang(stack: string | undefined): void {
    if (stack && this.view.panes[0]?.stack !== stack) this.set({ panes: [...sidesOf(this.view.adjudication), 'difference'].map((id) => ({ id, stack, view: 'stack' as const })), states: new Map() })
  }

  private stackOf(finding: Finding | undefined): string | undefined {
    if (finding?.kind === 'outline' || finding?.kind === 'missing') return finding.stack
    return this.view.manifests.find((manifest) => manifest.plane === 'sagittal')?.stack
  }

  get finding(): Finding | undefined {
    return this.view.adjudication.findings[this.view.at]
  }

  get openFindings(): Finding[] {
    const { findings, picks } = this.view.adjudication
    return findings.filter((finding) => !picks[finding.id])
  }

  private readonly look = (): Look => {
    const { finding } = this
    const isOutline = finding?.kind === 'outline' || finding?.kind === 'missing'
    return { isDifferenceShown: this.view.isDifferenceShown, a: isOutline ? finding.a : null, b: isOutline ? finding.b : null, c: isOutline ? (finding.c ?? null) : null }
  }

  /** Take a disagreement in hand; from then on the page stays where the reader is. */
  go(at: number): void {
    this.hasMoved = true
    this.show(at)
  }

  private show(at: number): void {
    const finding = this.view.adjudication.findings[at]
    if (!finding) return
    this.set({ at })
    this.hang(this.stackOf(finding))
    this.wanted = (finding.kind === 'outline' || finding.kind === 'missing') && finding.place ? finding : null
    this.lookAtWanted()
    this.viewer.layers.redraw()
  }

  /** Pictures that were hung just now are not there yet: each that comes asks again. */
  private lookAtWanted(): void {
    const { wanted } = this
    if (!wanted?.place || !this.view.panes.every(({ id }) => this.viewer.paneStack(id) === wanted.stack)) return
    this.wanted = null
    this.viewer.focus(wanted.stack, [wanted.place[0], wanted.place[1], wanted.place[2]], 70)
  }

  /** The next disagreement that is open, worst first; round and round. */
  next(): void {
    const { findings, picks } = this.view.adjudication
    const count = findings.length
    for (let step = 1; step <= count; step += 1) {
      const at = (this.view.at + step) % count
      const finding = findings[at]
      if (finding && !picks[finding.id]) {
        this.set({ note: at <= this.view.at ? 'That was the last one; back at the worst that is open.' : '' })
        this.go(at)
        return
      }
    }
    this.set({ note: 'Every disagreement is settled. Submit the consensus.' })
  }

  async take(take: Take): Promise<boolean> {
    const { finding } = this
    if (!finding || this.view.isWriting || this.view.refused) return false
    if (!takesOf(this.view.adjudication, finding).includes(take)) {
      this.set({ note: take === 'c' ? 'Two have read this case: take A or B.' : 'Only outlines of three readings can be voted on.' })
      return false
    }
    this.set({ isWriting: true })
    try {
      await this.opened
      if (this.view.refused) return false
      const { picks, seq } = await pickSend(this.view.adjudication.id, finding.id, take)
      this.set({ adjudication: { ...this.view.adjudication, picks }, seq, note: '' })
      if (take !== 'edit') this.next()
      return true
    } catch (error) {
      this.set({ note: error instanceof Error ? error.message : 'Not settled. Try again in a moment.' })
      return false
    } finally {
      this.set({ isWriting: false })
    }
  }

  toggleDifference(): void {
    this.set({ isDifferenceShown: !this.view.isDifferenceShown })
    this.viewer.layers.redraw()
  }

  step(by: number): void {
    this.viewer.step(by, 'a')
  }

  async submit(): Promise<void> {
    await consensusSubmit(this.view.adjudication.id, this.view.seq)
  }

  dispose(): void {
    this.isGone = true
    this.viewer.dispose()
  }
}
