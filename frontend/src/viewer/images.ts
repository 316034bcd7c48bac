import { cache, imageLoader, metaData, type Types } from '@cornerstonejs/core'
import { createImage } from '@cornerstonejs/dicom-image-loader'
import { isSigned, pixelTypeOf, rescaleOf, type PixelType, type StackGrid, type StackManifest, type StackRegion } from '@/geometry/stack'
import { add, scale } from '@/geometry/vector'
import { FrameQueue, type FetchFrames } from './frames'

const SCHEME = 'columna'
export const HTJ2K_RPCL = '1.2.840.10008.1.2.4.202'

/** Pixel types are fixed per stack: a type that changed with the content of a slice would rebuild the picture while scrolling. */

export interface StackImages {
  readonly manifest: StackManifest
  readonly grid: StackGrid
  readonly imageIds: readonly string[]
  readonly frames: FrameQueue
  readonly pixelType: PixelType
  /** The part of every slice that is loaded; null when it is the whole. */
  readonly region: StackRegion | null
}

const stacks = new Map<string, StackImages>()

export const imageIdOf = (stack: string, index: number): string => `${SCHEME}:${stack}/${index}`

const find = (imageId: string): { images: StackImages; index: number } | null => {
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
  }
  images.frames.centre = Math.floor(images.imageIds.length / 2)
  stacks.set(manifest.stack, images)
  return images
}

export const forgetStack = (stack: string): void => {
  const images = stacks.get(stack)
  images?.frames.dispose()
  stacks.delete(stack)
  for (const imageId of images?.imageIds ?? []) if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId)
}

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

/** What Cornerstone asks of an image, answered from the manifest. */
export const provide = (kind: string, imageId: string): unknown => {
  const found = find(imageId)
  if (!found) return undefined
  const { manifest, grid } = found.images
  const colour = isColour(manifest)
  const part = partOf(found.images)
  switch (kind) {
    case 'imagePlaneModule': {
      const plane = grid.slicePlane(found.index)
      const { spacing } = grid.geometry
      const origin = add(plane.origin, add(scale(plane.column, part.row * spacing[1]), scale(plane.row, part.column * spacing[2])))
      return {
        frameOfReferenceUID: frameOf(manifest),
        rows: part.rows,
        columns: part.columns,
        imageOrientationPatient: [...plane.row, ...plane.column],
        rowCosines: [...plane.row],
        columnCosines: [...plane.column],
        imagePositionPatient: [...origin],
        sliceThickness: spacing[0],
        sliceLocation: null,
        pixelSpacing: [spacing[1], spacing[2]],
        rowPixelSpacing: spacing[1],
        columnPixelSpacing: spacing[2],
      }
    }
    case 'imagePixelModule':
      return {
        samplesPerPixel: colour ? (manifest.samplesPerPixel ?? 3) : 1,
        // a decoded colour frame is RGB whatever it was
        photometricInterpretation: colour ? 'RGB' : manifest.photometric,
        planarConfiguration: 0,
        rows: part.rows,
        columns: part.columns,
        bitsAllocated: manifest.bitsStored > 8 ? 16 : 8,
        bitsStored: manifest.bitsStored,
        highBit: manifest.bitsStored - 1,
        pixelRepresentation: isSigned(manifest, found.index) ? 1 : 0,
      }
    case 'modalityLutModule':
      return rescaleOf(manifest, found.index)
    case 'voiLutModule': {
      const [first] = manifest.windows
      return first ? { windowCenter: [first.center], windowWidth: [first.width] } : { windowCenter: undefined, windowWidth: undefined }
    }
    case 'generalSeriesModule':
      return { modality: manifest.modality, seriesInstanceUID: manifest.series, seriesNumber: 0 }
    case 'sopCommonModule':
      return { sopInstanceUID: manifest.slices[found.index]?.key ?? imageId, sopClassUID: '' }
    case 'generalImageModule':
      return { sopInstanceUID: manifest.slices[found.index]?.key ?? imageId, instanceNumber: found.index + 1 }
    case 'transferSyntax':
      return { transferSyntaxUID: HTJ2K_RPCL }
    default:
      return undefined
  }
}

/** Stacks without a frame of reference are each in a frame of their own, so that nothing is linked that has no common space. */
export const frameOf = (manifest: StackManifest): string => manifest.frameOfReferenceUID ?? `stack:${manifest.stack}`

interface LoadOptions {
  preScale?: { enabled: boolean }
  [key: string]: unknown
}

const load = (imageId: string, options: LoadOptions = {}): { promise: Promise<Types.IImage> } => {
  const found = find(imageId)
  if (!found) return { promise: Promise.reject(new Error('This image is no longer open.')) }
  const { images, index } = found
  const { manifest, pixelType } = images
  const promise = images.frames.get(index).then(async (data) => {
    const image = await createImage(imageId, data, HTJ2K_RPCL, {
      ...options,
      useRGBA: false,
      preScale: { enabled: true },
      ...(isColour(manifest) ? {} : { targetBuffer: { type: pixelType, rows: partOf(images).rows, columns: partOf(images).columns } }),
    } as never)
    return image as Types.IImage
  })
  return { promise }
}

let isRegistered = false

export const registerImages = (): void => {
  if (isRegistered) return
  isRegistered = true
  imageLoader.registerImageLoader(SCHEME, load)
  metaData.addProvider(provide, 10_000)
}

export type LoadState = 'waiting' | 'loaded' | 'failed'

/** Loads every slice of a stack, from the middle outward, and says how far it is. */
export class StackLoader {
  readonly states: LoadState[]
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
    const imageId = this.images.imageIds[index]
    if (imageId === undefined || this.states[index] === 'loaded' || this.stopped) return
    try {
      await imageLoader.loadAndCacheImage(imageId)
      this.settle(index, 'loaded')
    } catch {
      this.settle(index, 'failed')
    }
  }

  retry(index: number): void {
    const imageId = this.images.imageIds[index]
    if (imageId === undefined || this.states[index] !== 'failed') return
    if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId)
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
export const pixelsOf = (images: StackImages, slice: number): ArrayLike<number> | null => {
  const image = cache.getImage(images.imageIds[slice] ?? '')
  return image ? image.getPixelData() : null
}
