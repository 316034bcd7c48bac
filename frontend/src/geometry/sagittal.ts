/** Sagittal balance from landmarks on a lateral image: the twin of `annotation/geometry/sagittal.py`, where the definitions are. */
import { angleAt, inclination, middleOf, wrapped, type PlaneLine, type PlanePoint } from './lines'

export interface Pelvis {
  /** Measured by itself, so that incidence = tilt + slope is a check and not a definition. */
  readonly incidence: number
  readonly tilt: number
  readonly slope: number
}

const degrees = (radians: number): number => (radians * 180) / Math.PI

/** Pelvic incidence, tilt and sacral slope; throws when the plate or the line to the hip axis has no length. */
export const pelvisOf = (plate: PlaneLine, hips: readonly [PlanePoint, PlanePoint]): Pelvis => {
  const [posterior, anterior] = plate
  const centre = middleOf(posterior, anterior)
  const hip = middleOf(...hips)
  if ((posterior[0] === anterior[0] && posterior[1] === anterior[1]) || (centre[0] === hip[0] && centre[1] === hip[1])) throw new RangeError('The S1 endplate and the line to the hip axis need a length.')
  const slope = -inclination(posterior, anterior)
  const tilt = degrees(Math.atan2(hip[0] - centre[0], centre[1] - hip[1]))
  const down = [anterior[1] - posterior[1], posterior[0] - anterior[0]] as const
  const toHip = [hip[0] - centre[0], hip[1] - centre[1]] as const
  const incidence = degrees(Math.atan2(down[0] * toHip[1] - down[1] * toHip[0], down[0] * toHip[0] + down[1] * toHip[1]))
  return { incidence, tilt, slope }
}

/** Lumbar lordosis between the upper endplates of L1 and S1, each (posterior, anterior); positive when lordotic. */
export const lordosis = (l1: PlaneLine, s1: PlaneLine): number => wrapped(inclination(...l1) - inclination(...s1))

/** Thoracic kyphosis between an upper endplate and the lower one of T12; positive when kyphotic. */
export const kyphosis = (upper: PlaneLine, lower: PlaneLine): number => wrapped(inclination(...lower) - inclination(...upper))

/** How far the plumb line of C7's middle falls in front of the S1 corner. */
export const verticalAxis = (c7: PlanePoint, s1Posterior: PlanePoint): number => c7[0] - s1Posterior[0]

/** The angle at the hip axis between T1's middle and the middle of the S1 endplate. */
export const t1PelvicAngle = (t1: PlanePoint, s1: PlaneLine, hips: readonly [PlanePoint, PlanePoint]): number => angleAt(t1, middleOf(...hips), middleOf(...s1))
