import type { Axis, LabelmapEdit } from './labelmap'
import { eachOnPlane, rasterize } from './polygon'

export interface Cut {
  readonly axis: Axis
  /** The planes cut: the one that shows, or all along the axis. */
  readonly planes: readonly number[]
  /** The closed line in plane coordinates. */
  readonly ring: readonly (readonly [x: number, y: number])[]
  /** Which side of the line goes. */
  readonly side: 'inside' | 'outside'
}

/** Erase what of a segment lies inside, or outside, a closed line, on one plane or straight through all of them. */
export const scissorsCut = (edit: LabelmapEdit, id: number, cut: Cut): void => {
  const { labelmap } = edit
  const inside = rasterize(cut.ring, cut.axis === 2 ? labelmap.rows : labelmap.columns, cut.axis === 0 ? labelmap.rows : labelmap.count)
  const goes = cut.side === 'inside' ? 1 : 0
  for (const plane of cut.planes) {
    eachOnPlane(labelmap, cut.axis, plane, (at, slice, offset) => {
      if (inside[at] === goes && labelmap.slice(slice)[offset] === id) edit.set(slice, offset, 0)
    })
  }
}
