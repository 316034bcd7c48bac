/** How planes across the slices lie on the screen, and their pictures, put together from the slices that have come. Knows no library that draws. */
import type { Axis } from '@/geometry/labelmap'
import type { StackGrid } from '@/geometry/stack'
import { dot, normalize, scale, type Vec3 } from '@/geometry/vector'
import type { CoarseSlice } from './coarse'
import type { Pixels } from './decoder'
import { isColour, partOf, pixelsOf, type StackImages } from './images'

export type PlaneView = 'sagittal' | 'axial' | 'coronal'

// Where the reader stands, per plane: towards the eye, and up on the screen.
const STANDS: Record<PlaneView, { eye: Vec3; up: Vec3 }> = {
  axial: { eye: [0, 0, -1], up: [0, -1, 0] },
  sagittal: { eye: [1, 0, 0], up: [0, 0, 1] },
  coronal: { eye: [0, -1, 0], up: [0, 0, 1] },
}

/** An axis of the grid on the screen, and whether its index grows that way. */
export interface Along {
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

/** What is loaded along an axis of the grid: from which index on, and how many. */
export const extent = (images: StackImages, axis: Axis): { from: number; size: number } => {
  const part = partOf(images)
  if (axis === 0) return { from: 0, size: images.imageIds.length }
  return axis === 1 ? { from: part.row, size: part.rows } : { from: part.column, size: part.columns }
}

export const sizeOf = ({ images, lay }: StackPlane): { width: number; height: number } => ({ width: extent(images, lay.right.axis).size, height: extent(images, lay.down.axis).size })

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

const ARRAYS = { Int16Array, Uint16Array, Uint8Array, Float32Array }

/** Return the picture of one index of a plane, as far as its slices have come. */
export const planeMade = (plane: StackPlane, index: number): { readonly width: number; readonly height: number; readonly values: Pixels } => {
  const { width, height } = sizeOf(plane)
  const values: Pixels = new ARRAYS[plane.images.pixelType](width * height * (isColour(plane.images.manifest) ? 3 : 1))
  gather(plane, index, values)
  return { width, height, values }
}
