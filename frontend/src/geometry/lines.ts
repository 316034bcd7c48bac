/**
 * Points, lines and angles in one plane of the patient: the twin of `annotation/geometry/lines.py`. Plane coordinates are
 * (forward, up) in mm, or in pixels without calibration.
 */

export type PlanePoint = readonly [forward: number, up: number]
export type PlaneLine = readonly [PlanePoint, PlanePoint]
export type PlaneName = 'sagittal' | 'coronal'

/** Where the points of a measurement lie: in the patient (mm LPS), or on a projection ([column, row] in pixels). */
export type MeasureFrame =
  | { readonly kind: 'patient' }
  | { readonly kind: 'image'; readonly spacing: readonly [rows: number, columns: number] | null; readonly forward: 1 | -1 }

const degrees = (radians: number): number => (radians * 180) / Math.PI

/** A point in plane coordinates: sagittal forward is to the front, coronal to the patient's left, up is to the head. */
export const toPlane = (point: readonly number[], frame: MeasureFrame, plane: PlaneName): PlanePoint => {
  const [x = 0, y = 0, z = 0] = point
  if (frame.kind === 'patient') return plane === 'sagittal' ? [-y, z] : [x, z]
  const [rows, columns] = frame.spacing ?? [1, 1]
  return [x * columns * frame.forward, -y * rows]
}

/** An angle between -180 (not reached) and 180. */
export const wrapped = (angle: number): number => 180 - ((((180 - angle) % 360) + 360) % 360)

/** The angle of a line above the horizontal, -90 to 90, whichever end comes first. */
export const tilt = (first: PlanePoint, second: PlanePoint): number => {
  const isInOrder = first[0] < second[0] || (first[0] === second[0] && first[1] <= second[1])
  const [[a, b], [c, d]] = isInOrder ? [first, second] : [second, first]
  return degrees(Math.atan2(d - b, c - a))
}

/** The angle of an endplate above the horizontal, from its posterior to its anterior end. */
export const inclination = (posterior: PlanePoint, anterior: PlanePoint): number => degrees(Math.atan2(anterior[1] - posterior[1], anterior[0] - posterior[0]))

export const distance = (first: readonly number[], second: readonly number[]): number => Math.hypot(...first.map((value, i) => value - (second[i] ?? 0)))

export const middleOf = (first: PlanePoint, second: PlanePoint): PlanePoint => [(first[0] + second[0]) / 2, (first[1] + second[1]) / 2]

const isSame = (a: PlanePoint, b: PlanePoint): boolean => a[0] === b[0] && a[1] === b[1]

/** The angle between two arms at a vertex, 0 to 180; throws when an arm has no length. */
export const angleAt = (first: PlanePoint, vertex: PlanePoint, second: PlanePoint): number => {
  if (isSame(first, vertex) || isSame(second, vertex)) throw new RangeError('An arm of the angle has no length.')
  const one = Math.atan2(first[1] - vertex[1], first[0] - vertex[0])
  const two = Math.atan2(second[1] - vertex[1], second[0] - vertex[0])
  return Math.abs(wrapped(degrees(two - one)))
}

/** The area of a polygon (shoelace formula), in squared units of its points. */
export const areaOf = (points: readonly PlanePoint[]): number => {
  let total = 0
  points.forEach(([a, b], i) => {
    const [c, d] = points[(i + 1) % points.length] ?? [0, 0]
    total += a * d - c * b
  })
  return Math.abs(total) / 2
}

/** The area of a polygon in space (half the length of the sum of cross products), in squared units of its points. */
export const areaInSpace = (points: readonly (readonly number[])[]): number => {
  const total = [0, 0, 0]
  points.forEach((point, i) => {
    const next = points[(i + 1) % points.length] ?? point
    const [ax = 0, ay = 0, az = 0] = point
    const [bx = 0, by = 0, bz = 0] = next
    total[0]! += ay * bz - az * by
    total[1]! += az * bx - ax * bz
    total[2]! += ax * by - ay * bx
  })
  return Math.hypot(...total) / 2
}

/** The angle at a vertex in space, 0 to 180; throws when an arm has no length. */
export const angleInSpace = (first: readonly number[], vertex: readonly number[], second: readonly number[]): number => {
  const one = first.map((value, i) => value - (vertex[i] ?? 0))
  const two = second.map((value, i) => value - (vertex[i] ?? 0))
  const size = Math.hypot(...one) * Math.hypot(...two)
  if (!size) throw new RangeError('An arm of the angle has no length.')
  const cosine = one.reduce((sum, value, i) => sum + value * (two[i] ?? 0), 0) / size
  return degrees(Math.acos(Math.max(-1, Math.min(1, cosine))))
}

/** The middle and radius of the circle through three points; throws when they lie on a line. */
export const circleThrough = (a: PlanePoint, b: PlanePoint, c: PlanePoint): { readonly centre: PlanePoint; readonly radius: number } => {
  const [bx, by, cx, cy] = [b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]]
  const twice = 2 * (bx * cy - by * cx)
  const size = Math.max(bx * bx + by * by, cx * cx + cy * cy)
  if (Math.abs(twice) <= 1e-9 * size) throw new RangeError('Three points on a line lie on no circle.')
  const x = (cy * (bx * bx + by * by) - by * (cx * cx + cy * cy)) / twice
  const y = (bx * (cx * cx + cy * cy) - cx * (bx * bx + by * by)) / twice
  return { centre: [a[0] + x, a[1] + y], radius: Math.hypot(x, y) }
}
