import type { Labelmap, LabelmapEdit } from './labelmap'
import type { StackGrid } from './stack'
import { cross, dot, normalize, subtract, type Vec3 } from './vector'

/** A plane in the patient, mm LPS; the side its normal points to is the far one. */
export interface CutPlane {
  readonly point: Vec3
  readonly normal: Vec3
}

/** The plane through a line drawn on a picture, straight into it. */
export const planeThrough = (from: Vec3, to: Vec3, looking: Vec3): CutPlane => ({ point: from, normal: normalize(cross(subtract(to, from), looking)) })

/** Visit every voxel of a segment with its signed distance to a plane in mm. Linear on each slice, so three corners say all. */
const eachSided = (labelmap: Labelmap, grid: StackGrid, id: number, plane: CutPlane, visit: (slice: number, offset: number, away: number) => void): void => {
  const away = (slice: number, row: number, column: number) => dot(subtract(grid.toWorld([slice, row, column]), plane.point), plane.normal)
  for (let slice = 0; slice < labelmap.count; slice += 1) {
    const data = labelmap.slice(slice)
    let offset = data.indexOf(id)
    if (offset === -1) continue
    const origin = away(slice, 0, 0)
    const perRow = away(slice, 1, 0) - origin
    const perColumn = away(slice, 0, 1) - origin
    for (; offset !== -1; offset = data.indexOf(id, offset + 1)) visit(slice, offset, origin + perRow * Math.floor(offset / labelmap.columns) + perColumn * (offset % labelmap.columns))
  }
}

/** How many voxels of a segment lie on the near and on the far side of a plane. */
export const sidesOf = (labelmap: Labelmap, grid: StackGrid, id: number, plane: CutPlane): { near: number; far: number } => {
  const sides = { near: 0, far: 0 }
  eachSided(labelmap, grid, id, plane, (_, __, away) => {
    if (away > 0) sides.far += 1
    else sides.near += 1
  })
  return sides
}

/** Give the part of a segment on the far side of a plane another id. */
export const splitFar = (edit: LabelmapEdit, grid: StackGrid, id: number, part: number, plane: CutPlane): void => {
  const far: [number, number][] = []
  eachSided(edit.labelmap, grid, id, plane, (slice, offset, away) => {
    if (away > 0) far.push([slice, offset])
  })
  for (const [slice, offset] of far) edit.set(slice, offset, part)
}

/** Exchange two segments, voxel by voxel. */
export const swapIds = (edit: LabelmapEdit, one: number, other: number): void => {
  const { labelmap } = edit
  for (let slice = 0; slice < labelmap.count; slice += 1) {
    const data = labelmap.slice(slice)
    if (!data.includes(one) && !data.includes(other)) continue
    for (let offset = 0; offset < data.length; offset += 1) {
      const value = data[offset]
      if (value === one) edit.set(slice, offset, other)
      else if (value === other) edit.set(slice, offset, one)
    }
  }
}
