import type { PixelType } from '@/geometry/stack'

export type Pixels = Int16Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>

/** A compressed frame, and how its stored values become real ones. */
export interface Order {
  readonly data: Uint8Array
  /** How many of the finest resolutions are left out; each halves the sides. */
  readonly coarser: number
  readonly type: PixelType
  readonly slope: number
  readonly intercept: number
}

/** Real values row by row, interleaved where they are colours, and the lowest and highest of them. */
export interface Decoded {
  readonly rows: number
  readonly columns: number
  readonly values: Pixels
  readonly low: number
  readonly high: number
}

interface Answer {
  readonly id: number
  readonly decoded?: Decoded
  readonly failed?: string
}

interface Waiting {
  readonly order: Order
  readonly resolve: (decoded: Decoded) => void
  readonly reject: (reason: Error) => void
}

/** So many frames lie at a worker: the next one is there when it has done with one, and what is looked at waits for two at most. */
const AT_HAND = 2

/** One worker, and the frames that it has been given. */
class Bench {
  private readonly worker = new Worker(new URL('./decode.worker.ts', import.meta.url), { type: 'module' })
  private readonly given = new Map<number, Waiting>()
  private serial = 0

  constructor(private readonly isFree: () => void) {
    this.worker.onmessage = ({ data: { id, decoded, failed } }: MessageEvent<Answer>) => {
      const waiting = this.given.get(id)
      this.given.delete(id)
      if (decoded) waiting?.resolve(decoded)
      else waiting?.reject(new Error(failed))
      this.isFree()
    }
    this.worker.onerror = (event) => {
      event.preventDefault()
      for (const { reject } of this.given.values()) reject(new Error('The decoder stopped.'))
      this.given.clear()
      this.isFree()
    }
  }

  get load(): number {
    return this.given.size
  }

  give(waiting: Waiting): void {
    this.serial += 1
    this.given.set(this.serial, waiting)
    this.worker.postMessage({ id: this.serial, order: waiting.order }, [waiting.order.data.buffer as ArrayBuffer])
  }
}

let benches: Bench[] = []
const urgent: Waiting[] = []
const others: Waiting[] = []

const hand = (): void => {
  for (;;) {
    const bench = benches.reduce((least, each) => (each.load < least.load ? each : least))
    const next = bench.load < AT_HAND ? (urgent.shift() ?? others.shift()) : undefined
    if (!next) return
    bench.give(next)
  }
}

/** Start the decoders; the first frame then waits for nothing. Half of the processor's cores stay free for the page and the server. */
export const startDecoders = (): void => {
  if (!benches.length) benches = Array.from({ length: Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2))) }, () => new Bench(hand))
}

/**
 * Decode a frame, `isUrgent` before all that wait. Its bytes are given away: they must lie in a buffer of their own. Rejects when they
 * are no frame.
 */
export const decodeFrame = (order: Order, isUrgent = false): Promise<Decoded> => {
  startDecoders()
  return new Promise((resolve, reject) => {
    const line = isUrgent ? urgent : others
    line.push({ order, resolve, reject })
    hand()
  })
}
