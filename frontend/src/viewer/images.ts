/** The slices of stacks that are open, decoded, whoever shows them. Knows no library that draws. */
import { pixelTypeOf, rescaleOf, type PixelType, type StackGrid, type StackManifest, type StackRegion } from '@/geometry/stack'
import { decodeFrame, type Decoded, type Pixels } from './decoder'
import { FrameQueue, type FetchFrames } from './frames'

const SCHEME = 'columna'

/** Pixel types are fixed per stack: a type that changed with the content of a slice would rebuild the picture while scrolling. */

export interface StackImages {
  readonly manifest: StackManifest
  readonly grid: StackGrid
  readonly imageIds: readonly string[]
  readonly frames: FrameQueue
  readonly pixelType: PixelType
  /** The part of every slice that is loaded; null when it is the whole. */
  readonly region: StackRegion | null
  /** Slices that are decoded, or on their way. */
  readonly decoded: Map<number, Decoded>
  readonly coming: Map<number, Promise<Decoded>>
}

const stacks = new Map<string, StackImages>()

export const imageIdOf = (stack: string, index: number): string => `${SCHEME}:${stack}/${index}`

export const findImage = (imageId: string): { images: StackImages; index: number } | null => {
  if (typeof imageId !== 'string' || !imageId.startsWith(`${SCHEME}:`)) return null
  const [stack, index] = imageId.slice(SCHEME.length + 1).split('/')
  const images = stacks.get(stack ?? '')
  return images ? { images, index: Number(index) } : null
}

export const imagesOf = (stack: string): StackImages | undefined => stacks.get(stack)

export const isColour = (manifest: StackManifest): boolean => /^(RGB|YBR|PALETTE)/.test(manifest.photometric)

/** Make a stack's frames available to the viewports; forget it again with `forgetStack`. */
export const rememberStack = (manifest: StackManifest, grid: StackGrid, fetchFrames: FetchFrames): StackImages => {
  const images: StackImages = {
    manifest,
    grid,
    imageIds: manifest.slices.map((_, index) => imageIdOf(manifest.stack, index)),
    frames: new FrameQueue(fetchFrames),
    pixelType: pixelTypeOf(manifest),
    region: manifest.region ?? null,
    decoded: new Map(),
    coming: new Map(),
  }
  images.frames.centre = Math.floor(images.imageIds.length / 2)
  stacks.set(manifest.stack, images)
  return images
}

const forgotten = new Set<(images: StackImages) => void>()

/** Be told when a stack is closed, so that what was made of its slices goes with it. */
export const onForget = (listener: (images: StackImages) => void): void => void forgotten.add(listener)

export const forgetStack = (stack: string): void => {
  const images = stacks.get(stack)
  if (!images) return
  images.frames.dispose()
  stacks.delete(stack)
  forgotten.forEach((listener) => listener(images))
  images.decoded.clear()
  images.coming.clear()
}

/** How many bytes the decoded slices of all open stacks take. */
export const decodedBytes = (): number => [...stacks.values()].reduce((sum, { decoded }) => sum + [...decoded.values()].reduce((bytes, { values }) => bytes + values.byteLength, 0), 0)

/** The part of every slice that is loaded, in rows and columns of the whole grid. */
export const partOf = ({ manifest, region }: Pick<StackImages, 'manifest' | 'region'>): { row: number; column: number; rows: number; columns: number } =>
  region
    ? { row: region.rows[0], column: region.columns[0], rows: region.rows[1] - region.rows[0], columns: region.columns[1] - region.columns[0] }
    : { row: 0, column: 0, rows: manifest.rows, columns: manifest.columns }

/** Whether a voxel's picture is loaded: outside the region that opened first nothing is seen, so nothing may be drawn. */
export const isLoadedAt = (images: StackImages, index: readonly [number, number, number]): boolean => {
  if (!images.region) return true
  const part = partOf(images)
  const [row, column] = [Math.round(index[1]) - part.row, Math.round(index[2]) - part.column]
  return row >= 0 && column >= 0 && row < part.rows && column < part.columns
}

/** Stacks without a frame of reference are each in a frame of their own, so that nothing is linked that has no common space. */
export const frameOf = (manifest: StackManifest): string => manifest.frameOfReferenceUID ?? `stack:${manifest.stack}`

/** A slice, decoded once; whoever asks meanwhile waits for the same. Rejects when it is lost, and may then be asked for again. */
export const loadSlice = (images: StackImages, index: number): Promise<Decoded> => {
  const known = images.coming.get(index)
  if (known) return known
  const coming = images.frames.get(index).then(async (data) => {
    const { rescaleSlope: slope, rescaleIntercept: intercept } = isColour(images.manifest) ? { rescaleSlope: 1, rescaleIntercept: 0 } : rescaleOf(images.manifest, index)
    const decoded = await decodeFrame({ data, coarser: 0, type: images.pixelType, slope, intercept }, index === images.frames.centre)
    images.decoded.set(index, decoded)
    return decoded
  })
  images.coming.set(index, coming)
  coming.catch(() => images.coming.delete(index))
  return coming
}

export type LoadState = 'waiting' | 'loaded' | 'failed'

/** Loads every slice of a stack, from the middle outward, and says how far it is. */
export class StackLoader {
  readonly states: LoadState[]
  private readonly begun = new Set<number>()
  private stopped = false

  constructor(
    readonly images: StackImages,
    private readonly onChange: (loader: StackLoader, index: number) => void,
  ) {
    this.states = images.imageIds.map(() => 'waiting')
  }

  get loaded(): number {
    return this.states.filter((state) => state === 'loaded').length
  }

  get failed(): number[] {
    return this.states.flatMap((state, index) => (state === 'failed' ? [index] : []))
  }

  start(): void {
    this.images.imageIds.forEach((_, index) => void this.load(index))
  }

  /** What is near this slice comes first from now on. */
  lookAt(index: number): void {
    this.images.frames.centre = index
  }

  async load(index: number): Promise<void> {
    if (this.states[index] !== 'waiting' || this.begun.has(index) || this.stopped) return
    this.begun.add(index)
    try {
      await loadSlice(this.images, index)
      this.settle(index, 'loaded')
    } catch {
      this.begun.delete(index)
      this.settle(index, 'failed')
    }
  }

  retry(index: number): void {
    if (this.states[index] !== 'failed') return
    this.settle(index, 'waiting')
    void this.load(index)
  }

  stop(): void {
    this.stopped = true
  }

  private settle(index: number, state: LoadState): void {
    if (this.stopped) return
    this.states[index] = state
    this.onChange(this, index)
  }
}

/** The value of the image at an offset row by row of the whole slice, for brushes that paint only what is bright enough. Null until the slice is there. */
export const valuesOf = (images: StackImages, slice: number): ((offset: number) => number | undefined) | null => {
  const pixels = pixelsOf(images, slice)
  if (!pixels || !images.region) return pixels && ((offset) => pixels[offset])
  const { columns } = images.manifest
  const part = partOf(images)
  return (offset) => {
    const row = Math.floor(offset / columns) - part.row
    const column = (offset % columns) - part.column
    return row < 0 || column < 0 || row >= part.rows || column >= part.columns ? undefined : pixels[row * part.columns + column]
  }
}

/** What is loaded of a slice, row by row. */
export const pixelsOf = (images: StackImages, slice: number): Pixels | null => images.decoded.get(slice)?.values ?? null
