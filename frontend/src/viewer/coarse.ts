import { rescaleOf } from '@/geometry/stack'
import { decodeFrame, type Decoded } from './decoder'
import type { FetchFrames } from './frames'
import { isColour, type StackImages } from './images'
import type { Window } from './pane'

/** A slice at low resolution, in real values. */
export type CoarseSlice = Decoded

const BUNDLE = 32
/** Stacks of fewer slices are there before this would be. */
const FEWEST = 6
/** About an eighth of the side: a sixteenth of the bytes or less. */
const LEVEL = 2

/**
 * Every slice of a stack at low resolution, from the middle outward: what is shown while the slice itself is still coming.
 * The first bytes of a frame are a whole picture of it (HTJ2K, resolutions in order), so nothing is made or kept for this.
 */
export class Coarse {
  private readonly slices = new Map<number, CoarseSlice>()
  private readonly abort = new AbortController()
  private isStarted = false

  constructor(
    private readonly images: StackImages,
    private readonly fetchFrames: FetchFrames,
    private readonly arrived: (index: number) => void,
  ) {}

  get(index: number): CoarseSlice | undefined {
    return this.slices.get(index)
  }

  /** Fetch them, once. `isThere` says which slices need it no more. */
  start(isThere: (index: number) => boolean): void {
    const { manifest } = this.images
    if (this.isStarted || manifest.slices.length < FEWEST || isColour(manifest) || !this.listed.every((slice) => (slice.levels?.length ?? 0) > LEVEL + 1)) return
    this.isStarted = true
    void this.fetchAll(isThere)
  }

  /** The frames by name: of the region that opens first, or of the whole. */
  private get listed(): readonly { readonly levels?: readonly number[] }[] {
    return this.images.region?.slices ?? this.images.manifest.slices
  }

  private async fetchAll(isThere: (index: number) => boolean): Promise<void> {
    const count = this.images.imageIds.length
    const middle = Math.floor(count / 2)
    const starts = Array.from({ length: Math.ceil(count / BUNDLE) }, (_, i) => i * BUNDLE).sort((a, b) => Math.abs(a + BUNDLE / 2 - middle) - Math.abs(b + BUNDLE / 2 - middle))
    for (const from of starts) {
      try {
        const frames = await this.fetchFrames(from, Math.min(BUNDLE, count - from), this.abort.signal, LEVEL)
        const wanted = frames.flatMap((data, i) => (isThere(from + i) ? [] : [this.decode(from + i, data)]))
        await Promise.all(wanted)
      } catch {
        if (this.abort.signal.aborted) return
        // the slices themselves still come
      }
    }
  }

  private async decode(index: number, data: Uint8Array): Promise<void> {
    const levels = this.listed[index]?.levels?.length ?? 0
    const { rescaleSlope: slope, rescaleIntercept: intercept } = rescaleOf(this.images.manifest, index)
    const decoded = await decodeFrame({ data, coarser: levels - 1 - LEVEL, type: this.images.pixelType, slope, intercept })
    if (this.abort.signal.aborted) return
    this.slices.set(index, decoded)
    this.arrived(index)
  }

  stop(): void {
    this.abort.abort()
    this.slices.clear()
  }
}

/** The slice as grey values through a window; MONOCHROME1 is shown as it is meant, dark where values are high. */
export const coarsePicture = (slice: CoarseSlice, window: Window | null, isInverted: boolean): HTMLCanvasElement => {
  const canvas = document.createElement('canvas')
  canvas.width = slice.columns
  canvas.height = slice.rows
  const context = canvas.getContext('2d')
  if (!context) return canvas
  const picture = context.createImageData(slice.columns, slice.rows)
  const low = window ? window.center - window.width / 2 : 0
  const width = window?.width ?? 1
  for (let at = 0; at < slice.rows * slice.columns; at += 1) {
    const share = Math.max(0, Math.min(1, ((slice.values[at] ?? 0) - low) / width))
    picture.data.fill(255 * (isInverted ? 1 - share : share), 4 * at, 4 * at + 3)
    picture.data[4 * at + 3] = 255
  }
  context.putImageData(picture, 0, 0)
  return canvas
}
