import type { RoomCore } from './core'
import type { Panes } from './panes'

export const RATES = [5, 10, 15, 25] as const

/** Slices one after another, as a clip runs; it starts over at the end. What the reader does by hand stops it. */
export class Cine {
  private timer = 0

  constructor(
    private readonly core: RoomCore,
    private readonly panes: Panes,
  ) {}

  toggle(): void {
    if (this.core.store.get().cine.isPlaying) this.stop()
    else this.play()
  }

  setRate(fps: number): void {
    const { isPlaying } = this.core.store.get().cine
    this.core.store.set({ cine: { isPlaying, fps } })
    if (isPlaying) this.play()
  }

  private play(): void {
    const { cine, activePane } = this.core.store.get()
    const state = this.panes.state(activePane)
    if (!state || state.count < 2) {
      this.core.notices.notify('Nothing to play', 'This series has one image.', 'info')
      return
    }
    window.clearInterval(this.timer)
    this.core.store.set({ cine: { ...cine, isPlaying: true } })
    this.timer = window.setInterval(() => {
      const now = this.panes.state(activePane)
      if (!now || this.core.store.get().activePane !== activePane) this.stop()
      else this.core.viewer.goTo(activePane, (now.slice + 1) % now.count)
    }, 1000 / cine.fps)
  }

  stop(): boolean {
    const { cine } = this.core.store.get()
    window.clearInterval(this.timer)
    if (cine.isPlaying) this.core.store.set({ cine: { ...cine, isPlaying: false } })
    return cine.isPlaying
  }

  dispose(): void {
    window.clearInterval(this.timer)
  }
}
