import type { Notice, RoomStore } from './view'

const SHOWN_MS = 6000

/** One card over the large picture: what just happened, and how it is taken back. */
export class Notices {
  private timer = 0
  private serial = 0

  constructor(private readonly store: RoomStore) {}

  notify(title: string, text: string, tone: Notice['tone'] = 'ok', undo: Notice['undo'] = null): void {
    window.clearTimeout(this.timer)
    this.store.set({ notice: { id: (this.serial += 1), title, text, tone, undo } })
    this.timer = window.setTimeout(() => this.dismiss(), SHOWN_MS)
  }

  dismiss(): void {
    this.store.set({ notice: null })
  }

  dispose(): void {
    window.clearTimeout(this.timer)
  }
}
