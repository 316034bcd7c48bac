import type { LabelmapEdit } from './labelmap'
import type { Axis } from './labelmap'
import { eachOnPlane } from './polygon'

/** Flood from the border of a box of cells through everything that is not `wall`; what is not reached is enclosed. */
const enclosed = (isWall: Uint8Array, shape: readonly [number, number, number]): number[] => {
  const [depth, height, width] = shape
  const reached = Uint8Array.from(isWall)
  const queue: number[] = []
  const push = (k: number, y: number, x: number): void => {
    if (k < 0 || y < 0 || x < 0 || k >= depth || y >= height || x >= width) return
    const at = (k * height + y) * width + x
    if (reached[at]) return
    reached[at] = 1
    queue.push(at)
  }
  for (let k = 0; k < depth; k += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) if ((depth > 1 && (k === 0 || k === depth - 1)) || y === 0 || x === 0 || y === height - 1 || x === width - 1) push(k, y, x)
    }
  }
  for (let i = 0; i < queue.length; i += 1) {
    const at = queue[i]!
    const x = at % width
    const y = Math.floor(at / width) % height
    const k = Math.floor(at / (width * height))
    push(k, y, x - 1)
    push(k, y, x + 1)
    push(k, y - 1, x)
    push(k, y + 1, x)
    if (depth > 1) {
      push(k - 1, y, x)
      push(k + 1, y, x)
    }
  }
  const found: number[] = []
  for (let at = 0; at < reached.length; at += 1) if (!reached[at]) found.push(at)
  return found
}

/**
 * Fill what a segment encloses: hollows in space (shut in by faces), and holes on the plane that shows. Only background is
 * filled, so that the canal inside a ring of bone stays what it is labelled. Returns the number of voxels.
 */
export const fillHoles = (edit: LabelmapEdit, id: number, axis: Axis, plane: number): number => {
  const { labelmap } = edit
  let low = [Infinity, Infinity, Infinity]
  let high = [-1, -1, -1]
  for (let k = 0; k < labelmap.count; k += 1) {
    const data = labelmap.slice(k)
    for (let offset = data.indexOf(id); offset !== -1; offset = data.indexOf(id, offset + 1)) {
      const place = [k, Math.floor(offset / labelmap.columns), offset % labelmap.columns]
      low = low.map((value, i) => Math.min(value, place[i]!))
      high = high.map((value, i) => Math.max(value, place[i]!))
    }
  }
  if (high[0] === -1) return 0
  let filled = 0
  const fill = (slice: number, offset: number): void => {
    if (labelmap.slice(slice)[offset] !== 0) return
    edit.set(slice, offset, id)
    filled += 1
  }
  // one cell of margin, so that the flood goes round the segment
  const from = low.map((value) => value - 1) as [number, number, number]
  const shape = high.map((value, i) => value - low[i]! + 3) as [number, number, number]
  const wall = new Uint8Array(shape[0] * shape[1] * shape[2])
  for (let k = low[0]!; k <= high[0]!; k += 1) {
    const data = labelmap.slice(k)
    for (let r = low[1]!; r <= high[1]!; r += 1) {
      for (let c = low[2]!; c <= high[2]!; c += 1) if (data[r * labelmap.columns + c] === id) wall[((k - from[0]) * shape[1] + r - from[1]) * shape[2] + c - from[2]] = 1
    }
  }
  for (const at of enclosed(wall, shape)) {
    const c = (at % shape[2]) + from[2]
    const r = (Math.floor(at / shape[2]) % shape[1]) + from[1]
    fill(Math.floor(at / (shape[1] * shape[2])) + from[0], r * labelmap.columns + c)
  }
  const { width, height, data } = labelmap.plane(axis, plane)
  const inPlane = new Set(enclosed(data.map((value) => (value === id ? 1 : 0)), [1, height, width]))
  eachOnPlane(labelmap, axis, plane, (at, slice, offset) => {
    if (inPlane.has(at)) fill(slice, offset)
  })
  return filled
}
