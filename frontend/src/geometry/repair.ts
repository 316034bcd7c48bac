import { boxes, outline, type Ring } from './contour'
import type { Axis, LabelmapEdit } from './labelmap'
import { eachOnPlane, rasterize } from './polygon'

type Point = readonly [x: number, y: number]

/** How far from the border, in mm, a correction may begin and end. */
export const REACH_MM = 8

const points = (ring: Ring): Point[] => Array.from({ length: ring.length / 2 }, (_, i) => [ring[2 * i]!, ring[2 * i + 1]!])

const area = (ring: readonly Point[]): number => Math.abs(ring.reduce((sum, [x, y], i) => sum + x * ring[(i + 1) % ring.length]![1] - ring[(i + 1) % ring.length]![0] * y, 0)) / 2

const nearest = (ring: readonly Point[], [x, y]: Point, mm: Point): { at: number; away: number } =>
  ring.reduce(
    (best, [px, py], at) => {
      const away = Math.hypot((px - x) * mm[0], (py - y) * mm[1])
      return away < best.away ? { at, away } : best
    },
    { at: 0, away: Infinity },
  )

/** The way round a ring from one point to another, both included. */
const along = (ring: readonly Point[], from: number, to: number, by: 1 | -1): Point[] => {
  const way: Point[] = []
  for (let at = from; ; at = (at + by + ring.length) % ring.length) {
    way.push(ring[at]!)
    if (at === to) return way
  }
}

/**
 * A border with the piece between the ends of a stroke replaced by the stroke. Of the two pieces it could stand for, the one
 * goes without which more is left. Null where the stroke begins or ends farther than `REACH_MM` from the border.
 */
export const borderRepair = (ring: readonly Point[], stroke: readonly Point[], mm: Point): Point[] | null => {
  const first = stroke[0]
  const last = stroke.at(-1)
  if (!first || !last || stroke.length < 2 || ring.length < 3) return null
  const start = nearest(ring, first, mm)
  const end = nearest(ring, last, mm)
  if (Math.max(start.away, end.away) > REACH_MM) return null
  const one = [...stroke, ...along(ring, end.at, start.at, 1)]
  const other = [...stroke, ...along(ring, end.at, start.at, -1)]
  return area(one) >= area(other) ? one : other
}

/**
 * Draw the correct border of a segment on one plane; the mask follows. `mm` is what a step in x and in y is. Where the plane holds
 * nothing of the segment, what the stroke goes round is filled. Returns whether the stroke could be read.
 */
export const contourEdit = (edit: LabelmapEdit, id: number, axis: Axis, plane: number, stroke: readonly Point[], mm: Point): boolean => {
  const { labelmap } = edit
  const mask = labelmap.plane(axis, plane)
  const box = boxes(mask).get(id)
  const rings = box ? outline(mask, id, box).map(points) : []
  const [first, last] = [stroke[0], stroke.at(-1)]
  if (!first || !last || stroke.length < 2) return false
  const away = (ring: readonly Point[]) => nearest(ring, first, mm).away + nearest(ring, last, mm).away
  const ring = rings.length ? rings.reduce((best, each) => (away(each) < away(best) ? each : best)) : null
  const after = ring ? borderRepair(ring, stroke, mm) : stroke
  if (!after) return false
  const was = ring ? rasterize(ring, mask.width, mask.height) : new Uint8Array(mask.data.length)
  const is = rasterize(after, mask.width, mask.height)
  eachOnPlane(labelmap, axis, plane, (at, slice, offset) => {
    if (is[at] === was[at]) return
    if (is[at]) edit.set(slice, offset, id)
    else if (labelmap.slice(slice)[offset] === id) edit.set(slice, offset, 0)
  })
  return true
}
