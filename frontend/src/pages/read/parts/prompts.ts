import { ApiError, UnreachableError } from '@/api/client'
import type { Vec3 } from '@/geometry/vector'
import { applyPrompt, pathPoints, promptSend, promptSession, type Prompt, type PromptKind, type PromptPatch, type PromptSession } from '@/state/prompts'
import { patchOf, type SegmentKey } from '@/state/session'
import { nameOf } from '@/state/structure'
import type { Layer, PointerPlace, Projection } from '@/viewer/layers'
import type { PaintTarget } from '@/viewer/tools/host'
import { pathTool, rectangle } from '@/viewer/tools/path'
import type { RoomCore } from './core'
import type { Masks } from './masks'

const AGAIN_MS = 5000

interface Asked {
  readonly stack: string
  readonly target: PaintTarget
  /** The mask as it was when this was asked: an answer never overwrites what was drawn since. */
  readonly version: number
  readonly prompt: Prompt
}

interface Mark {
  readonly stack: string
  readonly point: Vec3
  readonly isPositive: boolean
}

const isAway = (error: unknown): boolean => error instanceof UnreachableError || (error instanceof ApiError && error.status >= 502)

/** The model's help by a click, a box or a scribble. The last thing asked is the only one under way. */
export class Prompts {
  private session: { readonly key: string; readonly session: PromptSession } | null = null
  private asking: AbortController | null = null
  private waiting: Asked | null = null
  private timer = 0
  private marks: readonly Mark[] = []
  private markedFor: SegmentKey | null = null

  constructor(
    private readonly core: RoomCore,
    private readonly masks: Masks,
  ) {
    core.viewer.tools.add(
      pathTool({
        name: 'click',
        mayBegin: (pane) => this.mayAsk(pane),
        shape: (places) => (this.kind === 'box' ? rectangle(places) : this.kind === 'scribble' ? places.map(({ x, y }) => [x, y] as const) : []),
        text: (at) => (this.isPositive(at.shift) ? '+' : '−'),
        done: (places, pane) => this.asked(places, pane),
      }),
    )
    core.viewer.layers.add(this.layer())
  }

  private get kind(): PromptKind {
    return this.core.store.get().promptKind
  }

  setKind(promptKind: PromptKind): void {
    this.core.store.set({ promptKind })
  }

  swapSign(): void {
    this.core.store.set({ isNegative: !this.core.store.get().isNegative })
  }

  private isPositive(withShift: boolean): boolean {
    return this.core.store.get().isNegative === withShift
  }

  private mayAsk(pane: Projection): boolean {
    const target = this.masks.target(pane.spec.stack)
    const isAcross = this.kind === 'box' && pane.axis !== 0
    if ('refused' in target) this.core.notices.notify('Nothing asked', target.refused, 'attn')
    else if (isAcross) this.core.notices.notify('Nothing asked', 'Draw the box on the slices as they were made.', 'attn')
    return !('refused' in target) && !isAcross
  }

  private asked(places: readonly PointerPlace[], pane: Projection): void {
    const target = this.masks.target(pane.spec.stack)
    const [first, last] = [places[0], places.at(-1)]
    if ('refused' in target || !first || !last) return
    const ends = this.kind === 'click' ? [last] : this.kind === 'box' ? [first, last] : places
    const shape = pane.grid.geometry.shape
    const points = pathPoints(ends.map(({ index }) => index.map((value, axis) => Math.max(0, Math.min(shape[axis as 0 | 1 | 2] - 1, value)))))
    const isPositive = this.isPositive(last.shift)
    this.mark([...this.marks.filter((mark) => mark.stack === pane.spec.stack).slice(-40), ...(this.kind === 'click' ? [last] : [first, last]).map((place) => ({ stack: pane.spec.stack, point: place.point, isPositive }))])
    void this.ask({ stack: pane.spec.stack, target, version: target.labelmap.version, prompt: { kind: this.kind, points, positive: isPositive } })
  }

  private async ask(asked: Asked): Promise<void> {
    const { store, notices } = this.core
    this.forget()
    const asking = new AbortController()
    this.asking = asking
    store.set({ isAsking: true, promptStep: 0 })
    try {
      const answer = await this.answer(asked, asking.signal)
      if (asking.signal.aborted) return
      store.set({ ai: { isDown: false, waiting: 0 } })
      this.take(asked, answer)
    } catch (error) {
      if (asking.signal.aborted) return
      this.session = null
      if (isAway(error)) this.wait(asked)
      else {
        this.mark([])
        const isRefusal = error instanceof ApiError && error.status < 500
        notices.notify(isRefusal ? 'The model may not help here' : 'The model could not answer', isRefusal ? error.message : 'The brush and all other tools work on.', 'attn')
      }
    } finally {
      if (this.asking === asking) {
        this.asking = null
        store.set({ isAsking: false })
      }
    }
  }

  private async answer({ stack, target, prompt }: Asked, signal: AbortSignal): Promise<PromptPatch> {
    const key = `${stack} ${target.layer} ${target.segment}`
    const isNew = this.session?.key !== key
    if (isNew) this.session = { key, session: await promptSession(stack, target.layer, this.structureOf(target), signal) }
    if (!signal.aborted) this.core.store.set({ promptStep: 1 })
    return promptSend(this.session?.session.id ?? '', prompt, isNew, signal)
  }

  private structureOf(target: PaintTarget): string {
    return this.core.session.segment({ id: target.segment, layer: target.layer })?.structure ?? ''
  }

  private take({ stack, target, version, prompt }: Asked, answer: PromptPatch): void {
    const { session, notices } = this.core
    const now = this.masks.target(stack)
    if (target.labelmap.version !== version || !session.segment({ id: target.segment, layer: target.layer })) {
      notices.notify('Answer dropped', 'You drew meanwhile; what you drew stands. Ask again if you like.', 'info')
      return
    }
    const mayOverwrite = 'refused' in now ? target.mayOverwrite : now.mayOverwrite
    const patch = patchOf(target.labelmap, (edit) => applyPrompt(edit, target.segment, answer), mayOverwrite)
    if (patch.size) session.change(`${nameOf(this.structureOf(target))} ${prompt.kind}`, [{ kind: 'patch', stack, layer: target.layer, segment: target.segment, tool: answer.engine.slice(0, 40), patch }])
    else notices.notify('The model would change nothing here', 'Click where it is wrong, or use the brush.', 'info')
  }

  // while the server is away

  private wait(asked: Asked): void {
    this.waiting = asked
    this.core.store.set({ ai: { isDown: true, waiting: 1 } })
    this.timer = window.setTimeout(() => this.again(), AGAIN_MS)
  }

  /** Ask again what waits. */
  again(): void {
    const { waiting } = this
    if (waiting) void this.ask(waiting)
  }

  private forget(): void {
    window.clearTimeout(this.timer)
    this.waiting = null
    this.asking?.abort()
  }

  /** Ask no more for what is being asked or waits; returns whether anything was. */
  cancel(): boolean {
    if (!this.asking && !this.waiting) return false
    this.forget()
    this.asking = null
    this.mark([])
    this.core.store.set({ isAsking: false, ai: { isDown: this.core.store.get().ai.isDown, waiting: 0 } })
    return true
  }

  dispose(): void {
    this.forget()
  }

  // where it was asked

  /** Another structure is worked on: what was asked of the last one is no longer shown. */
  takeUp(): void {
    const { active } = this.core.session.getView()
    if (active === this.markedFor) return
    this.markedFor = active
    this.mark([])
  }

  private mark(marks: readonly Mark[]): void {
    if (!marks.length && !this.marks.length) return
    this.marks = marks
    this.core.viewer.layers.redraw()
  }

  private layer(): Layer {
    return {
      name: 'prompts',
      draw: (context, pane) => {
        if (this.core.store.get().tool !== 'click') return
        for (const { point, stack, isPositive } of this.marks) {
          if (stack !== pane.spec.stack || !pane.holds(point)) continue
          const [x, y] = pane.toCanvas(point)
          for (const [width, colour] of [[4, 'rgb(0 0 0 / 70%)'], [2, isPositive ? '#7fd1ae' : '#f0b64a']] as const) {
            context.strokeStyle = colour
            context.lineWidth = width
            context.beginPath()
            context.arc(x, y, 7, 0, Math.PI * 2)
            context.moveTo(x - 4, y)
            context.lineTo(x + 4, y)
            if (isPositive) {
              context.moveTo(x, y - 4)
              context.lineTo(x, y + 4)
            }
            context.stroke()
          }
        }
      },
    }
  }
}
