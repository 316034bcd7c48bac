/** Compressed frames of a stack, asked for in bundles around where the reader looks, each once. */
export type FetchFrames = (from: number, count: number, signal: AbortSignal, level?: number) => Promise<Uint8Array[]>

interface Waiting {
  readonly index: number
  readonly resolve: (data: Uint8Array) => void
  readonly reject: (reason: unknown) => void
  readonly promise: Promise<Uint8Array>
}

const AT_ONCE = 2
const RETRY_AFTER_MS = [300, 1200]

export class FrameQueue {
  private readonly wanted = new Map<number, Waiting>()
  private readonly abort = new AbortController()
  private underWay = 0
  /** The slice to be near to: what is nearest is asked for first. */
  centre = 0
  /** Frames per request; the first request asks for one, so that an image shows soon. */
  bundle = 8
  private isFirst = true

  constructor(private readonly fetchFrames: FetchFrames) {}

  get(index: number): Promise<Uint8Array> {
    const known = this.wanted.get(index)
    if (known) return known.promise
    let resolve: Waiting['resolve'] = () => undefined
    let reject: Waiting['reject'] = () => undefined
    const promise = new Promise<Uint8Array>((yes, no) => {
      resolve = yes
      reject = no
    })
    this.wanted.set(index, { index, resolve, reject, promise })
    queueMicrotask(() => this.pump())
    return promise
  }

  dispose(): void {
    this.abort.abort()
    this.wanted.clear()
  }

  private readonly sent = new Set<number>()

  private pump(): void {
    while (this.underWay < AT_ONCE && !this.abort.signal.aborted) {
      const open = [...this.wanted.keys()].filter((index) => !this.sent.has(index))
      if (!open.length) return
      const nearest = open.reduce((best, index) => (Math.abs(index - this.centre) < Math.abs(best - this.centre) ? index : best))
      const size = this.isFirst ? 1 : this.bundle
      this.isFirst = false
      const has = new Set(open)
      let from = nearest
      let to = nearest + 1
      while (to - from < size && (has.has(from - 1) || has.has(to))) {
        if (has.has(to) && (!has.has(from - 1) || to - this.centre <= this.centre - from + 1)) to += 1
        else from -= 1
      }
      for (let index = from; index < to; index += 1) this.sent.add(index)
      this.underWay += 1
      void this.fetchRun(from, to - from).finally(() => {
        this.underWay -= 1
        this.pump()
      })
    }
  }

  private async fetchRun(from: number, count: number, attempt = 0): Promise<void> {
    try {
      const frames = await this.fetchFrames(from, count, this.abort.signal)
      frames.forEach((data, i) => this.settle(from + i, (waiting) => waiting.resolve(data)))
      if (frames.length !== count) throw new RangeError(`Asked for ${count} frames and got ${frames.length}.`)
    } catch (reason) {
      if (this.abort.signal.aborted) return
      const pause = RETRY_AFTER_MS[attempt]
      if (pause !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, pause))
        return this.fetchRun(from, count, attempt + 1)
      }
      // one bad frame must not take its neighbours with it
      if (count > 1) for (let i = 0; i < count; i += 1) await this.fetchRun(from + i, 1, RETRY_AFTER_MS.length)
      else this.settle(from, (waiting) => waiting.reject(reason))
    }
  }

  private settle(index: number, how: (waiting: Waiting) => void): void {
    const waiting = this.wanted.get(index)
    this.wanted.delete(index)
    this.sent.delete(index)
    if (waiting) how(waiting)
  }
}
