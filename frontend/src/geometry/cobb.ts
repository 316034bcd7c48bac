/** Cobb angles in the coronal plane: the twin of `annotation/geometry/cobb.py`. Plane coordinates are (to the patient's left, up). */
import { tilt, wrapped, type PlaneLine } from './lines'

/** A curve below this many degrees is no scoliosis (Scoliosis Research Society). */
export const LEAST_CURVE = 10
/** A turn of the tilt by less than this is noise between two vertebrae, not an end vertebra. */
const TURN = 3

/** A vertebra by its endplates, ends in any order. */
export interface PlatedBody {
  readonly id: string
  readonly upper: PlaneLine
  readonly lower: PlaneLine
}

export interface Curve {
  readonly upper: string
  readonly lower: string
  /** The least tilted body between the ends. */
  readonly apex: string
  readonly angle: number
  readonly convex: 'left' | 'right'
}

/** The angle between two endplates in degrees, 0 to 180. */
export const cobbAngle = (upper: PlaneLine, lower: PlaneLine): number => Math.abs(wrapped(tilt(...upper) - tilt(...lower)))

/** To which side the spine bends out between the two endplates. */
export const convexity = (upper: PlaneLine, lower: PlaneLine): 'left' | 'right' => (tilt(...upper) < tilt(...lower) ? 'right' : 'left')

const tiltOf = (body: PlatedBody): number => (tilt(...body.upper) + tilt(...body.lower)) / 2

/** The curves of a spine, bodies given from the head down: each runs between two turns of the bodies' tilt; neighbours share an end vertebra. */
export const curvesOf = (bodies: readonly PlatedBody[], least = LEAST_CURVE): Curve[] => {
  const tilts = bodies.map(tiltOf)
  const ends = turns(tilts)
  return ends.slice(1).flatMap((last, i) => {
    const first = ends[i]!
    const upper = bodies[first]!
    const lower = bodies[last]!
    const angle = cobbAngle(upper.upper, lower.lower)
    if (angle < least) return []
    const level = (tilts[first]! + tilts[last]!) / 2
    const between = bodies.slice(first, last + 1)
    const apex = between.reduce((best, body) => (Math.abs(tiltOf(body) - level) < Math.abs(tiltOf(best) - level) ? body : best))
    return [{ upper: upper.id, lower: lower.id, apex: apex.id, angle, convex: convexity(upper.upper, lower.lower) }]
  })
}

const turns = (tilts: readonly number[]): number[] => {
  if (tilts.length < 2) return []
  const ends = [0]
  let extreme = 0
  let direction = 0
  for (let index = 1; index < tilts.length; index += 1) {
    const step = tilts[index]! - tilts[extreme]!
    if (direction === 0) {
      if (Math.abs(step) >= TURN) {
        direction = step > 0 ? 1 : -1
        extreme = index
      }
    } else if (step * direction >= 0) extreme = index
    else if (Math.abs(step) >= TURN) {
      ends.push(extreme)
      direction = -direction
      extreme = index
    }
  }
  if (extreme !== ends.at(-1)) ends.push(extreme)
  return begunAtExtreme(ends, tilts)
}

const begunAtExtreme = (ends: number[], tilts: readonly number[]): number[] => {
  const [from, to] = ends
  if (from === undefined || to === undefined) return ends
  const sign = tilts[to]! > tilts[from]! ? 1 : -1
  let best = from
  for (let index = from; index < to; index += 1) if (sign * tilts[index]! < sign * tilts[best]!) best = index
  return [best, ...ends.slice(1)]
}

/** Which curve it is by its apex (Scoliosis Research Society): proximal thoracic, main thoracic, thoracolumbar or lumbar; null where the apex has no such name. */
export const curveName = (apex: string | null): 'PT' | 'MT' | 'TL-L' | null => {
  const letter = apex?.[0]
  const number = Number(apex?.slice(1))
  if (letter === 'C' || (letter === 'T' && number <= 5)) return 'PT'
  if (letter === 'T' && number <= 11) return 'MT'
  return letter === 'T' || letter === 'L' ? 'TL-L' : null
}
