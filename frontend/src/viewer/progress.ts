import type { StackLoader } from './images'

const TELL_MS = 120

/** Says how far stacks are loaded: slices come faster than anybody reads, so in between it is told a few times a second. */
export class Progress {
  private readonly timers = new Map<string, number>()

  constructor(private readonly say: (stack: string, loader: StackLoader, total: number) => void) {}

  tell(stack: string, loader: StackLoader, total: number): void {
    const say = () => {
      window.clearTimeout(this.timers.get(stack))
      this.timers.delete(stack)
      this.say(stack, loader, total)
    }
    if (loader.loaded + loader.failed.length >= total || loader.loaded <= 1 || loader.failed.length) say()
    else if (!this.timers.has(stack)) this.timers.set(stack, window.setTimeout(say, TELL_MS))
  }

  dispose(): void {
    this.timers.forEach((timer) => window.clearTimeout(timer))
    this.timers.clear()
  }
}
