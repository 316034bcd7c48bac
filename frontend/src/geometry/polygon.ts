import type { Axis, Labelmap, LabelmapEdit } from './labelmap'

/** Fill the inside of a closed line on one plane (even–odd), voxels by their centres. `only` limits it to voxels of one id. */
export const cutPolygon = (edit: LabelmapEdit, axis: Axis, index: number, ring: readonly (readonly [x: number, y: number])[], value: number, only?: number): void => {
  const { labelmap } = edit
  const inside = rasterize(ring, axis === 2 ? labelmap.rows : labelmap.columns, axis === 0 ? labelmap.rows : labelmap.count)
  eachOnPlane(labelmap, axis, index, (at, slice, offset) => {
    if (inside[at] && (only === undefined || labelmap.slice(slice)[offset] === only)) edit.set(slice, offset, value)
  })
}

/** Which pixels of a plane lie inside a closed line (even–odd), by their centres: 1 inside, row by row. */
export const rasterize = (ring: readonly (readonly [x: number, y: number])[], width: number, height: number): Uint8Array => {
  const inside = new Uint8Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const crossings: number[] = []
    ring.forEach(([x0, y0], i) => {
      const [x1, y1] = ring[(i + 1) % ring.length]!
      if (y0 <= y === y1 <= y) return
      crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
    })
    crossings.sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      for (let x = Math.max(0, Math.ceil(crossings[i]!)); x <= Math.min(width - 1, Math.floor(crossings[i + 1]!)); x += 1) inside[y * width + x] = 1
    }
  }
  return inside
}

/** Visit the voxels of one plane of a labelmap: its place on the plane, and its slice and offset. */
export const eachOnPlane = (labelmap: Labelmap, axis: Axis, index: number, visit: (at: number, slice: number, offset: number) => void): void => {
  const width = axis === 2 ? labelmap.rows : labelmap.columns
  const height = axis === 0 ? labelmap.rows : labelmap.count
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) visit(at, axis === 0 ? index : y, axis === 0 ? at : axis === 1 ? index * width + x : x * labelmap.columns + index)
  }
}
