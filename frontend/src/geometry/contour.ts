import type { PlaneMask } from './labelmap'

/** A closed line in plane coordinates: x0, y0, x1, y1 …; the middle of the first voxel is (0, 0). */
export type Ring = Float32Array

export interface Box {
  left: number
  top: number
  right: number
  bottom: number
  count: number
  sumX: number
  sumY: number
}

/** The box and voxel count of every id on the plane. */
export const boxes = (mask: PlaneMask): Map<number, Box> => {
  const found = new Map<number, Box>()
  const { width, height, data } = mask
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const id = data[at]!
      if (id === 0) continue
      const box = found.get(id)
      if (!box) found.set(id, { left: x, top: y, right: x, bottom: y, count: 1, sumX: x, sumY: y })
      else {
        if (x < box.left) box.left = x
        if (x > box.right) box.right = x
        box.bottom = y
        box.count += 1
        box.sumX += x
        box.sumY += y
      }
    }
  }
  return found
}

// For each of the 16 ways the corners of a cell can be inside (bits: 1 top left, 2 top right, 4 bottom right, 8 bottom left):
// the sides a line enters and leaves by, inside kept on the right (0 top, 1 right, 2 bottom, 3 left).
const LINES: readonly (readonly (readonly [number, number])[])[] = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 0], [1, 2]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 1], [2, 3]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
] // prettier-ignore

/**
 * The outlines of one id: marching squares through the midpoints between voxels, chained into rings. The lines run half
 * way between the centres of inside and outside voxels, so an outline never strays more than half a voxel from the mask.
 */
export const outline = (mask: PlaneMask, id: number, box: Box): Ring[] => {
  const { width, height, data } = mask
  const left = box.left - 1
  const top = box.top - 1
  const w = box.right - left + 1
  const h = box.bottom - top + 1
  const inside = (x: number, y: number): number => (x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === id ? 1 : 0)
  // An edge between two voxels: 2 × cell + 0 for the top side, + 1 for the left side of the cell.
  const edge = (x: number, y: number, part: number): number => {
    if (part === 0) return 2 * (y * (w + 1) + x)
    if (part === 1) return 2 * (y * (w + 1) + x + 1) + 1
    if (part === 2) return 2 * ((y + 1) * (w + 1) + x)
    return 2 * (y * (w + 1) + x) + 1
  }
  const next = new Int32Array(2 * (w + 1) * (h + 1)).fill(-1)
  const starts: number[] = []
  for (let y = 0; y < h; y += 1) {
    for (let x = 0; x < w; x += 1) {
      const X = left + x
      const Y = top + y
      const kind = inside(X, Y) | (inside(X + 1, Y) << 1) | (inside(X + 1, Y + 1) << 2) | (inside(X, Y + 1) << 3)
      for (const [enter, leave] of LINES[kind]!) {
        const from = edge(x, y, enter)
        next[from] = edge(x, y, leave)
        starts.push(from)
      }
    }
  }
  const rings: Ring[] = []
  for (const start of starts) {
    if (next[start] === -1) continue
    const points: number[] = []
    let at = start
    while (next[at] !== -1) {
      const cell = at >> 1
      const x = left + (cell % (w + 1))
      const y = top + Math.floor(cell / (w + 1))
      if (at & 1) points.push(x, y + 0.5)
      else points.push(x + 0.5, y)
      const following = next[at]!
      next[at] = -1
      at = following
    }
    rings.push(Float32Array.from(points))
  }
  return rings
}
