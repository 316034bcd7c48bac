import type { Labelmap, LabelmapEdit } from './labelmap'
import type { Vec3 } from './vector'

const FAR = 1e9

/** Squared distance in mm² of every pixel to the nearest true pixel, one axis at a time (Felzenszwalb and Huttenlocher 2012, doi 10.4086/toc.2012.v008a019). */
const squaredDistance = (inside: (offset: number) => boolean, rows: number, columns: number, rowMm: number, columnMm: number): Float64Array => {
  const field = new Float64Array(rows * columns)
  for (let offset = 0; offset < field.length; offset += 1) field[offset] = inside(offset) ? 0 : FAR
  const longest = Math.max(rows, columns)
  const line = new Float64Array(longest)
  const vertex = new Int32Array(longest)
  const border = new Float64Array(longest + 1)
  const pass = (start: number, step: number, length: number, mm: number): void => {
    const square = mm * mm
    let k = 0
    vertex[0] = 0
    border[0] = -Infinity
    border[1] = Infinity
    for (let q = 1; q < length; q += 1) {
      for (;;) {
        const v = vertex[k]!
        const crossing = (field[start + q * step]! + square * q * q - field[start + v * step]! - square * v * v) / (2 * square * (q - v))
        if (crossing > border[k]! || k === 0) {
          if (crossing > border[k]!) k += 1
          vertex[k] = q
          border[k] = k === 0 ? -Infinity : crossing
          border[k + 1] = Infinity
          break
        }
        k -= 1
      }
    }
    k = 0
    for (let q = 0; q < length; q += 1) {
      while (border[k + 1]! < q) k += 1
      const away = q - vertex[k]!
      line[q] = square * away * away + field[start + vertex[k]! * step]!
    }
    for (let q = 0; q < length; q += 1) field[start + q * step] = line[q]!
  }
  for (let row = 0; row < rows; row += 1) pass(row * columns, 1, columns, columnMm)
  for (let column = 0; column < columns; column += 1) pass(column, columns, rows, rowMm)
  return field
}

/** Signed distance in mm to the border of a segment on one slice: negative inside. */
const signedDistance = (data: Uint8Array, id: number, rows: number, columns: number, spacing: Vec3): Float64Array => {
  const out = squaredDistance((offset) => data[offset] === id, rows, columns, spacing[1], spacing[2])
  const into = squaredDistance((offset) => data[offset] !== id, rows, columns, spacing[1], spacing[2])
  return out.map((value, offset) => Math.sqrt(value) - Math.sqrt(into[offset]!))
}

/** Slices between two drawn ones on which the segment has nothing. */
export const gapsOf = (labelmap: Labelmap, id: number): [from: number, to: number][] => {
  const drawn = Array.from({ length: labelmap.count }, (_, slice) => slice).filter((slice) => labelmap.slice(slice).includes(id))
  return drawn.slice(1).flatMap((slice, i) => (slice - drawn[i]! > 1 ? [[drawn[i]!, slice] as [number, number]] : []))
}

/**
 * Draw a segment on the empty slices between drawn ones by blending the signed distances of its outlines in mm, so that
 * anisotropic slices change as the shape does. Only background is filled. Returns how many slices were drawn.
 */
export const fillBetween = (edit: LabelmapEdit, id: number, spacing: Vec3): number => {
  const { labelmap } = edit
  const { rows, columns } = labelmap
  let filled = 0
  for (const [from, to] of gapsOf(labelmap, id)) {
    const first = signedDistance(labelmap.slice(from), id, rows, columns, spacing)
    const last = signedDistance(labelmap.slice(to), id, rows, columns, spacing)
    for (let slice = from + 1; slice < to; slice += 1) {
      const share = (slice - from) / (to - from)
      for (let offset = 0; offset < first.length; offset += 1) {
        if ((1 - share) * first[offset]! + share * last[offset]! < 0 && labelmap.slice(slice)[offset] === 0) edit.set(slice, offset, id)
      }
      filled += 1
    }
  }
  return filled
}
