import { cache, imageLoader, metaData, utilities, type Types } from '@cornerstonejs/core'
import type { Axis } from '@/geometry/labelmap'
import type { StackGrid } from '@/geometry/stack'
import { dot, normalize, scale, type Vec3 } from '@/geometry/vector'
import type { CoarseSlice } from './coarse'
import { imageIdOf, imagesOf, isColour, partOf, pixelsOf, provide, type StackImages } from './images'

const SCHEME = 'columna-plane'

export type PlaneView = 'sagittal' | 'axial' | 'coronal'

// Where the reader stands, per plane: towards the eye, and up on the screen.
const STANDS: Record<PlaneView, { eye: Vec3; up: Vec3 }> = {
  axial: { eye: [0, 0, -1], up: [0, -1, 0] },
  sagittal: { eye: [1, 0, 0], up: [0, 0, 1] },
  coronal: { eye: [0, -1, 0], up: [0, 0, 1] },
}

/** An axis of the grid on the screen, and whether its index grows that way. */
interface Along {
  readonly axis: Axis
  readonly grows: boolean
}

/** How a plane orthogonal to the grid lies on the screen. */
export interface PlaneLay {
  readonly axis: Axis
  readonly right: Along
  readonly down: Along
}

const nearest = (grid: StackGrid, direction: Vec3, among: readonly Axis[]): Along => {
  const part = (axis: Axis) => dot(normalize(grid.geometry.steps[axis]), direction)
  const axis = among.reduce((best, each) => (Math.abs(part(each)) > Math.abs(part(best)) ? each : best))
  return { axis, grows: part(axis) >= 0 }
}

/** The plane of a grid that is nearest to a plane of the patient, laid as radiologists look at it. */
export const layOf = (grid: StackGrid, view: PlaneView): PlaneLay => {
  const { eye, up } = STANDS[view]
  const { axis } = nearest(grid, eye, [0, 1, 2])
  const others = ([0, 1, 2] as const).filter((each) => each !== axis)
  const down = nearest(grid, scale(up, -1), others)
  const [rest] = others.filter((each) => each !== down.axis)
  // to the right of somebody who stands at the eye, upright
  const right: Vec3 = [up[1] * eye[2] - up[2] * eye[1], up[2] * eye[0] - up[0] * eye[2], up[0] * eye[1] - up[1] * eye[0]]
  return { axis, right: nearest(grid, right, [rest!]), down }
}

/** A plane across the slices of a stack, and what stands in for slices that are still coming. */
export interface StackPlane {
  readonly images: StackImages
  readonly lay: PlaneLay
  readonly coarse: (slice: number) => CoarseSlice | undefined
}

const planes = new Map<string, StackPlane>()

const nameOf = ({ images, lay }: StackPlane): string => `${SCHEME}:${images.manifest.stack}/${lay.axis}${lay.right.grows ? '+' : '-'}${lay.down.grows ? '+' : '-'}`

/** Make a plane known to the viewports. Returns an image id for every index of its axis. */
export const rememberPlane = (plane: StackPlane): string[] => {
  const name = nameOf(plane)
  planes.set(name, plane)
  return Array.from({ length: plane.images.grid.geometry.shape[plane.lay.axis] }, (_, index) => `${name}/${index}`)
}

/** Forget the planes of a stack and the pictures made of them. */
export const forgetPlanes = (stack: string): void => {
  for (const [name, { images, lay }] of planes) {
    if (images.manifest.stack !== stack) continue
    planes.delete(name)
    for (let index = 0; index < images.grid.geometry.shape[lay.axis]; index += 1) dropPlane(`${name}/${index}`)
  }
}

export const dropPlane = (imageId: string): void => {
  if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId)
}

const find = (imageId: string): { plane: StackPlane; index: number } | null => {
  if (typeof imageId !== 'string' || !imageId.startsWith(`${SCHEME}:`)) return null
  const at = imageId.lastIndexOf('/')
  const plane = planes.get(imageId.slice(0, at))
  return plane ? { plane, index: Number(imageId.slice(at + 1)) } : null
}

/** What is loaded along an axis of the grid: from which index on, and how many. */
const extent = (images: StackImages, axis: Axis): { from: number; size: number } => {
  const part = partOf(images)
  if (axis === 0) return { from: 0, size: images.imageIds.length }
  return axis === 1 ? { from: part.row, size: part.rows } : { from: part.column, size: part.columns }
}

const sizeOf = ({ images, lay }: StackPlane): { width: number; height: number } => ({ width: extent(images, lay.right.axis).size, height: extent(images, lay.down.axis).size })

type Pixels = Int16Array | Uint16Array | Uint8Array | Float32Array
const ARRAYS = { Int16Array, Uint16Array, Uint8Array, Float32Array }

/**
 * Put a plane together from the slices that have come: real values [down, right], interleaved where they are colours. A slice
 * that is still coming is filled from its low resolution, else with the darkest value, as is all that is not loaded.
 */
export const gather = (plane: StackPlane, index: number, into: Pixels): void => {
  const { images, lay, coarse } = plane
  const { rows, columns } = partOf(images)
  const { width } = sizeOf(plane)
  const samples = isColour(images.manifest) ? 3 : 1
  const along: Axis = lay.axis === 1 ? 2 : 1
  const length = extent(images, along).size
  const within = extent(images, lay.axis)
  const at0 = index - within.from
  const isInside = at0 >= 0 && at0 < within.size
  const place = ({ axis, grows }: Along, at: number) => (grows ? at : extent(images, axis).size - 1 - at)
  const dark = into instanceof Int16Array || into instanceof Float32Array ? -32_768 : 0
  const isAcross = lay.right.axis === 0
  const line = isAcross ? lay.down : lay.right
  const stride = (isAcross ? width : 1) * (line.grows ? 1 : -1)
  const step = (lay.axis === 1 ? 1 : columns) * samples
  for (let slice = 0; slice < images.imageIds.length; slice += 1) {
    const pixels = isInside ? pixelsOf(images, slice) : null
    const low = pixels || !isInside ? undefined : coarse(slice)
    let to = isAcross ? place(lay.right, slice) + place(lay.down, 0) * width : place(lay.down, slice) * width + place(lay.right, 0)
    let from = (lay.axis === 1 ? at0 * columns : at0) * samples
    for (let at = 0; at < length; at += 1, from += step, to += stride)
      for (let sample = 0; sample < samples; sample += 1) into[to * samples + sample] = pixels ? pixels[from + sample]! : low ? lowAt(low, lay.axis === 1 ? at0 : at, lay.axis === 1 ? at : at0, rows, columns) : dark
  }
}

/** Slices from `from` to `to` of which nothing is there yet, not even a low resolution. */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** Where a plane across the slices shows nothing of the patient, because nothing has come. */
export const gapsOf = (images: StackImages, coarse: (slice: number) => CoarseSlice | undefined): Gap[] => {
  const gaps: { from: number; to: number }[] = []
  for (let slice = 0; slice < images.imageIds.length; slice += 1) {
    if (pixelsOf(images, slice) ?? coarse(slice)) continue
    const last = gaps.at(-1)
    if (last?.to === slice - 1) last.to = slice
    else gaps.push({ from: slice, to: slice })
  }
  return gaps
}

const lowAt = (low: CoarseSlice, row: number, column: number, rows: number, columns: number): number => low.values[Math.floor((row * low.rows) / rows) * low.columns + Math.floor((column * low.columns) / columns)] ?? 0

const imageOf = (imageId: string, plane: StackPlane, index: number): Types.IImage => {
  const { images } = plane
  const { width, height } = sizeOf(plane)
  const colour = isColour(images.manifest)
  const numberOfComponents = colour ? 3 : 1
  const data = new ARRAYS[images.pixelType](width * height * numberOfComponents)
  gather(plane, index, data)
  const { rowPixelSpacing, columnPixelSpacing } = planeModule(plane, index)
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({ width, height, numberOfComponents, scalarData: data })
  const first = images.manifest.windows[0]
  return {
    imageId, voxelManager, numberOfComponents, color: colour, rgba: false, width, height, columns: width, rows: height, rowPixelSpacing, columnPixelSpacing,
    dataType: images.pixelType, slope: 1, intercept: 0, preScale: { enabled: true, scaled: true }, invert: images.manifest.photometric === 'MONOCHROME1',
    windowCenter: colour ? 128 : (first?.center ?? 0), windowWidth: colour ? 256 : (first?.width ?? 1), minPixelValue: 0, maxPixelValue: 0, sizeInBytes: data.byteLength,
    getPixelData: () => data,
  } as unknown as Types.IImage
}

/** Put the slices that have come since into a picture that shows already. */
export const freshen = (image: Types.IImage): void => {
  const found = find(image.imageId)
  if (found) gather(found.plane, found.index, image.voxelManager?.getScalarData() as Pixels)
}

const planeModule = (plane: StackPlane, index: number) => {
  const { images, lay } = plane
  const { spacing, steps } = images.grid.geometry
  const corner: [number, number, number] = [0, 0, 0]
  corner[lay.axis] = index
  for (const { axis, grows } of [lay.right, lay.down]) {
    const { from, size } = extent(images, axis)
    corner[axis] = grows ? from : from + size - 1
  }
  const direction = ({ axis, grows }: Along) => [...scale(normalize(steps[axis]), grows ? 1 : -1)]
  const [row, column] = [direction(lay.right), direction(lay.down)]
  const [rowPixelSpacing, columnPixelSpacing] = [spacing[lay.down.axis], spacing[lay.right.axis]]
  const { width, height } = sizeOf(plane)
  return {
    ...(provide('imagePlaneModule', imageIdOf(images.manifest.stack, 0)) as Record<string, unknown>),
    rows: height,
    columns: width,
    imageOrientationPatient: [...row, ...column],
    rowCosines: row,
    columnCosines: column,
    imagePositionPatient: [...images.grid.toWorld(corner)],
    sliceThickness: spacing[lay.axis],
    pixelSpacing: [rowPixelSpacing, columnPixelSpacing],
    rowPixelSpacing,
    columnPixelSpacing,
  }
}

/** What Cornerstone asks of a plane: its own place and size, all else as its slices have it. */
const providePlane = (kind: string, imageId: string): unknown => {
  const found = find(imageId)
  if (!found) return undefined
  const { plane, index } = found
  if (kind === 'imagePlaneModule') return planeModule(plane, index)
  // what is put together are real values already
  if (kind === 'modalityLutModule') return { rescaleSlope: 1, rescaleIntercept: 0 }
  const answer = provide(kind, imageIdOf(plane.images.manifest.stack, 0))
  if (kind !== 'imagePixelModule') return answer
  const { width, height } = sizeOf(plane)
  return { ...(answer as Record<string, unknown>), rows: height, columns: width }
}

let isRegistered = false

export const registerPlanes = (): void => {
  if (isRegistered) return
  isRegistered = true
  imageLoader.registerImageLoader(SCHEME, (imageId: string) => {
    const found = find(imageId)
    return { promise: found && imagesOf(found.plane.images.manifest.stack) ? Promise.resolve(imageOf(imageId, found.plane, found.index)) : Promise.reject(new Error('This image is no longer open.')) }
  })
  metaData.addProvider(providePlane, 10_000)
}
