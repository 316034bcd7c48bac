/** How long somebody is at a case: seconds, without what they did. A minute without a sign of them is a pause. */
import { raw } from '@/api/client'

export interface Spent {
  readonly active: number
  readonly idle: number
}

export interface EffortView extends Spent {
  readonly structures: Readonly<Record<string, number>>
  readonly isPaused: boolean
}

export const IDLE_AFTER_MS = 60_000
const SEND_EVERY_MS = 30_000
const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'] as const

export const spentOf = (json: unknown): Spent => {
  const told = (typeof json === 'object' && json !== null ? json : {}) as { active_seconds?: number; idle_seconds?: number }
  return { active: told.active_seconds ?? 0, idle: told.idle_seconds ?? 0 }
}

const posted = (path: string, body: string, isLast: boolean): void => void raw(path, { method: 'POST', body, keepalive: isLast, headers: { 'Content-Type': 'application/json' } }).catch(() => undefined)

/** One visit at one case. `structure` says what is being worked on, by its code; `annotation` is empty before the case is open. */
export class Effort {
  private readonly visit = crypto.randomUUID()
  private view: EffortView = { active: 0, idle: 0, structures: {}, isPaused: false }
  private readonly listeners = new Set<() => void>()
  private lastSign: number
  private lastTick: number
  private lastSent: number
  private sentActive = -1
  private timer: ReturnType<typeof setInterval> | null = null

  constructor(
    private readonly annotation: () => string,
    private readonly structure: () => string | null,
    private readonly now: () => number = () => Date.now(),
    private readonly post: (path: string, body: string, isLast: boolean) => void = posted,
  ) {
    this.lastSign = this.lastTick = this.lastSent = now()
  }

  getView = (): EffortView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Begin to count, and to hear signs of somebody. Returns the way to stop; what is counted then is sent. */
  start(): () => void {
    const leave = () => this.send(true)
    SIGNS.forEach((name) => window.addEventListener(name, this.sign, { passive: true, capture: true }))
    window.addEventListener('pagehide', leave)
    this.timer = setInterval(() => this.tick(), 1000)
    return () => {
      if (this.timer !== null) clearInterval(this.timer)
      SIGNS.forEach((name) => window.removeEventListener(name, this.sign, { capture: true }))
      window.removeEventListener('pagehide', leave)
      leave()
    }
  }

  sign = (): void => {
    this.lastSign = this.now()
    if (this.view.isPaused) this.tick()
  }

  /** Count the time since the last tick: up to a minute after the last sign somebody is at work, then they are not. */
  tick(): void {
    const now = this.now()
    const from = this.lastTick
    this.lastTick = now
    if (!this.annotation()) return
    const isHidden = typeof document !== 'undefined' && document.visibilityState === 'hidden'
    const until = isHidden ? from : Math.min(now, Math.max(from, this.lastSign + IDLE_AFTER_MS))
    const active = (until - from) / 1000
    const code = this.structure()
    this.view = {
      active: this.view.active + active,
      idle: this.view.idle + (now - until) / 1000,
      structures: code === null || active === 0 ? this.view.structures : { ...this.view.structures, [code]: (this.view.structures[code] ?? 0) + active },
      isPaused: now - this.lastSign >= IDLE_AFTER_MS || isHidden,
    }
    this.listeners.forEach((listener) => listener())
    if (now - this.lastSent >= SEND_EVERY_MS) this.send(false)
  }

  /** Totals only grow, so that sending again, late or out of order counts once. A lost one is made good by the next. */
  private send(isLast: boolean): void {
    this.lastSent = this.now()
    const annotation = this.annotation()
    if (!annotation || this.view.active === this.sentActive) return
    this.sentActive = this.view.active
    const round = (seconds: number) => Math.round(seconds * 10) / 10
    const structures = Object.fromEntries(Object.entries(this.view.structures).map(([code, seconds]) => [code, round(seconds)]))
    const body = JSON.stringify({ visit: this.visit, active: round(this.view.active), idle: round(this.view.idle), structures })
    this.post(`/api/annotations/${annotation}/effort`, body, isLast)
  }
}
