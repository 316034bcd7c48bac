import { isLoadedAt } from './images'
import type { Gesture, Layers, PointerPlace } from './layers'
import type { CursorMark } from './overlay'
import type { Pane } from './pane'
import type { PointerTool } from './tools'

export interface HandHost {
  readonly tool: PointerTool | undefined
  readonly layers: Layers
  activated: (pane: Pane) => void
  cursor: (pane: Pane, mark: CursorMark | null, at: { readonly x: number; readonly y: number } | null) => void
  /** Something was to be drawn where no picture is loaded, or on one that is for looking only. */
  refused: (why: 'draw' | 'prior') => void
}

const kindOf = (event: PointerEvent): PointerPlace['kind'] => (event.pointerType === 'pen' || event.pointerType === 'touch' ? event.pointerType : 'mouse')
/** A palm lies on the glass a little longer than the pen. */
const PEN_RULES_MS = 1500

/**
 * The pointer on one pane: a handle under it, else the tool in hand. One finger is the tool, two pan and zoom; while a pen
 * draws, fingers and palm are not heard.
 */
export class Hand {
  private held: { gesture: Gesture; pointer: number } | null = null
  private readonly fingers = new Map<number, { x: number; y: number }>()
  private pen = -Infinity
  private at: PointerPlace | null = null

  constructor(
    private readonly pane: Pane,
    private readonly host: HandHost,
  ) {
    const { element } = pane
    element.style.touchAction = 'none'
    element.addEventListener('pointerdown', this.down, { capture: true })
    element.addEventListener('pointermove', this.move)
    element.addEventListener('pointerup', this.up)
    element.addEventListener('pointercancel', this.cancelled)
    element.addEventListener('pointerleave', this.left)
    element.addEventListener('mousedown', this.swallow, { capture: true })
    for (const name of ['touchstart', 'touchmove', 'touchend'] as const) element.addEventListener(name, this.swallowTouch, { capture: true, passive: false })
    window.addEventListener('keydown', this.shift)
    window.addEventListener('keyup', this.shift)
  }

  get isBusy(): boolean {
    return this.held !== null
  }

  private place(event: PointerEvent | MouseEvent): PointerPlace {
    const box = this.pane.element.getBoundingClientRect()
    const x = event.clientX - box.left
    const y = event.clientY - box.top
    const kind = event instanceof PointerEvent ? kindOf(event) : 'mouse'
    return { x, y, shift: event.shiftKey, kind, point: this.pane.toWorld(x, y), index: this.pane.onSlice(this.pane.toIndex(x, y)) }
  }

  /** Cornerstone waits 400 ms for a double press before it says anything; what we draw must not wait with it. */
  private readonly swallow = (event: MouseEvent): void => {
    if (event.button === 0 && !event.ctrlKey && (this.held || this.host.tool)) event.stopImmediatePropagation()
  }

  private readonly swallowTouch = (event: TouchEvent): void => {
    if (this.held || this.host.tool || event.touches.length > 1 || this.isPenRuling) {
      event.stopImmediatePropagation()
      if (event.cancelable) event.preventDefault()
    }
  }

  private get isPenRuling(): boolean {
    return performance.now() - this.pen < PEN_RULES_MS
  }

  private readonly down = (event: PointerEvent): void => {
    this.host.activated(this.pane)
    if (event.pointerType === 'pen') {
      this.pen = Infinity
      this.fingers.clear()
    } else if (event.pointerType === 'touch') {
      if (this.isPenRuling) return
      this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
      if (this.fingers.size > 1) {
        this.cancel()
        return
      }
    }
    if (event.button !== 0 || event.ctrlKey || this.held || this.pane.loading !== 'loaded') return
    const at = this.place(event)
    const { tool, layers } = this.host
    const grip = tool?.paints ? null : layers.hit(at, this.pane)
    if (!grip && !tool) return
    if (!grip && this.pane.spec.isReadOnly && tool?.name !== 'crosshair') {
      this.host.refused('prior')
      return
    }
    if (!grip && tool?.name !== 'crosshair' && !isLoadedAt(this.pane.images, at.index)) {
      this.host.refused('draw')
      return
    }
    event.preventDefault()
    const gesture = grip ? grip.begin(at) : tool?.begin(at, this.pane)
    if (gesture) {
      // a pointer that the keyboard moves is none that the browser could capture
      if (event.isTrusted) this.pane.element.setPointerCapture(event.pointerId)
      this.held = { gesture, pointer: event.pointerId }
    }
    this.hover(at)
  }

  private readonly move = (event: PointerEvent): void => {
    if (event.pointerType === 'touch' && this.fingers.has(event.pointerId)) {
      if (this.fingers.size > 1) {
        this.pinch(event)
        return
      }
      this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    }
    if (event.pointerType === 'touch' && this.isPenRuling) return
    const at = this.place(event)
    if (this.held?.pointer === event.pointerId) {
      const passed = event.getCoalescedEvents()
      this.held.gesture.move(passed.length > 1 ? passed.map((each) => this.place(each)) : [at])
    }
    if (!this.held || this.held.pointer === event.pointerId) this.hover(at)
  }

  /** Two fingers: the picture stays under them. */
  private pinch(event: PointerEvent): void {
    const [id, other] = [...this.fingers].find(([pointer]) => pointer !== event.pointerId) ?? []
    const before = this.fingers.get(event.pointerId)
    if (id === undefined || !other || !before) return
    const now = { x: event.clientX, y: event.clientY }
    this.fingers.set(event.pointerId, now)
    const span = Math.hypot(before.x - other.x, before.y - other.y)
    const wide = Math.hypot(now.x - other.x, now.y - other.y)
    this.pane.panBy((now.x - before.x) / 2, (now.y - before.y) / 2)
    if (span > 20 && wide > 20) this.pane.zoomBy(wide / span)
  }

  private readonly up = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId)
    if (event.pointerType === 'pen') this.pen = performance.now()
    const { held } = this
    if (held?.pointer !== event.pointerId) return
    this.held = null
    const at = this.place(event)
    held.gesture.end(at)
    this.hover(at)
  }

  private readonly cancelled = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId)
    if (event.pointerType === 'pen') this.pen = performance.now()
    if (this.held?.pointer === event.pointerId) this.cancel()
  }

  private readonly left = (): void => {
    if (this.held) return
    this.at = null
    this.host.cursor(this.pane, null, null)
  }

  private readonly shift = (event: KeyboardEvent): void => {
    if (event.key === 'Shift' && this.at) this.hover({ ...this.at, shift: event.type === 'keydown' })
  }

  /** Drop what is under way; everything is as it was before it. */
  cancel(): void {
    const { held } = this
    this.held = null
    held?.gesture.cancel()
    this.host.cursor(this.pane, null, this.at)
  }

  private hover(at: PointerPlace): void {
    this.at = at
    const { tool, layers } = this.host
    const grip = tool?.paints || this.held || this.pane.loading !== 'loaded' ? null : layers.hit(at, this.pane)
    this.pane.element.style.cursor = grip?.cursor ?? (tool ? (tool.cursor ?? 'crosshair') : '')
    this.host.cursor(this.pane, this.pane.loading === 'loaded' && !grip ? (tool?.hover?.(at, this.pane) ?? null) : null, at)
  }

  /** The tool in hand changed. */
  refresh(): void {
    if (this.at) this.hover(this.at)
  }

  dispose(): void {
    const { element } = this.pane
    this.held?.gesture.cancel()
    this.held = null
    element.removeEventListener('pointerdown', this.down, { capture: true })
    element.removeEventListener('pointermove', this.move)
    element.removeEventListener('pointerup', this.up)
    element.removeEventListener('pointercancel', this.cancelled)
    element.removeEventListener('pointerleave', this.left)
    element.removeEventListener('mousedown', this.swallow, { capture: true })
    for (const name of ['touchstart', 'touchmove', 'touchend'] as const) element.removeEventListener(name, this.swallowTouch, { capture: true })
    window.removeEventListener('keydown', this.shift)
    window.removeEventListener('keyup', this.shift)
  }
}
