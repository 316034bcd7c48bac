import type { Axis, LabelmapEdit } from './labelmap'
import type { Vec3 } from './vector'

export interface BrushStroke {
  /** Fractional [slice, row, column] where the pointer was and is. */
  readonly from: Vec3
  readonly to: Vec3
  readonly radius: number
  /** mm per index step: slice, row, column. */
  readonly spacing: Vec3
  /** The plane painted in, or null for a sphere. */
  readonly axis: Axis | null
}

/**
 * Visit every voxel whose centre lies within `radius` mm of the way from `from` to `to`: a disc swept in one plane of the grid,
 * or a sphere through it. The voxel under the pointer is always part of it, so that the thinnest brush still draws.
 */
export const sweep = (shape: Vec3, stroke: BrushStroke, visit: (slice: number, row: number, column: number) => void): void => {
  const { radius, spacing, axis } = stroke
  const from = flatten(stroke.from, axis)
  const to = flatten(stroke.to, axis)
  const start = from.map((value, i) => value * spacing[i as Axis])
  const way = to.map((value, i) => (value - from[i as Axis]) * spacing[i as Axis])
  const length2 = way.reduce((sum, part) => sum + part * part, 0)
  const low = [0, 1, 2].map((i) => bound(i as Axis, Math.min, -1))
  const high = [0, 1, 2].map((i) => bound(i as Axis, Math.max, 1))

  function bound(i: Axis, choose: (a: number, b: number) => number, sign: number): number {
    if (i === axis) return Math.round(to[i])
    const reach = choose(from[i], to[i]) + (sign * radius) / spacing[i]
    const edge = sign < 0 ? Math.min(Math.ceil(reach), Math.round(choose(from[i], to[i]))) : Math.max(Math.floor(reach), Math.round(choose(from[i], to[i])))
    return Math.max(0, Math.min(shape[i] - 1, edge))
  }

  const under = to.map(Math.round)
  for (let k = low[0]!; k <= high[0]!; k += 1) {
    for (let r = low[1]!; r <= high[1]!; r += 1) {
      for (let c = low[2]!; c <= high[2]!; c += 1) {
        const x = axis === 0 ? 0 : k * spacing[0] - start[0]!
        const y = axis === 1 ? 0 : r * spacing[1] - start[1]!
        const z = axis === 2 ? 0 : c * spacing[2] - start[2]!
        const along = length2 ? Math.max(0, Math.min(1, (x * way[0]! + y * way[1]! + z * way[2]!) / length2)) : 0
        const dx = x - along * way[0]!
        const dy = y - along * way[1]!
        const dz = z - along * way[2]!
        if (dx * dx + dy * dy + dz * dz <= radius * radius || (k === under[0] && r === under[1] && c === under[2])) visit(k, r, c)
      }
    }
  }
}

const flatten = (point: Vec3, axis: Axis | null): Vec3 =>
  axis === null ? point : [axis === 0 ? Math.round(point[0]) : point[0], axis === 1 ? Math.round(point[1]) : point[1], axis === 2 ? Math.round(point[2]) : point[2]]

/** Paint `value` along the stroke. `only` limits erasing to one id; `accept` limits painting to voxels of the image, as a threshold brush does. */
export const paint = (
  edit: LabelmapEdit,
  stroke: BrushStroke,
  value: number,
  options: { only?: number | undefined; accept?: ((slice: number, offset: number) => boolean) | undefined } = {},
): void => {
  const { labelmap } = edit
  const { only, accept } = options
  sweep([labelmap.count, labelmap.rows, labelmap.columns], stroke, (slice, row, column) => {
    const offset = row * labelmap.columns + column
    if (only !== undefined && labelmap.slice(slice)[offset] !== only) return
    if (accept && !accept(slice, offset)) return
    edit.set(slice, offset, value)
  })
}
