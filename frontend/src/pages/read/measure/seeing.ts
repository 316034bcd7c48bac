/** Where the points of a measurement lie on a picture, and whether it is to be seen there at all. */
import { DEFINITIONS, type Measurement } from '@/geometry/measurement'
import type { StackGrid, StackManifest } from '@/geometry/stack'
import { normalize, type Vec3 } from '@/geometry/vector'
import type { PointerPlace, Projection } from '@/viewer/layers'
import type { Spot } from './drawing'
import type { Placing } from './store'

type Placed = Pick<Measurement, 'definition' | 'frame' | 'stack' | 'slice'>
export type ManifestOf = (stack: string) => StackManifest | undefined

const vec3 = (point: readonly number[]): Vec3 => [point[0] ?? 0, point[1] ?? 0, point[2] ?? 0]
const round = (value: number): number => Math.round(value * 100) / 100

/** Read across slices: an angle between plates is one of the whole spine, seen from the front or from the side. */
const isOfPlane = ({ definition }: Placed): boolean => !['length', 'angle', 'area'].includes(definition)

const sliceOf = (item: Placed, manifest: StackManifest | undefined): number => Math.max(0, manifest?.slices.findIndex((slice) => slice.key === item.slice) ?? 0)

/** A point of the measurement in the space of its stack. */
export const worldOf = (item: Placed, point: readonly number[], grid: StackGrid, manifest: StackManifest | undefined): Vec3 =>
  item.frame.kind === 'patient' ? vec3(point) : grid.toWorld([sliceOf(item, manifest), point[1] ?? 0, point[0] ?? 0])

export const pointOf = (frame: Measurement['frame'], at: Pick<PointerPlace, 'point' | 'index'>): number[] => (frame.kind === 'patient' ? at.point.map(round) : [round(at.index[2]), round(at.index[1])])

const shareFrame = (one: StackManifest | undefined, two: StackManifest | undefined): boolean => one !== undefined && one.frameOfReferenceUID !== null && one.frameOfReferenceUID === two?.frameOfReferenceUID

export type Sight = 'clear' | 'faint' | 'none'

/** How a measurement is to be seen on a picture. */
export const sightOf = (item: Placed, points: readonly (readonly number[])[], pane: Projection, manifestOf: ManifestOf): Sight => {
  const own = manifestOf(item.stack ?? '')
  const isSame = pane.spec.stack === item.stack
  if (item.frame.kind === 'image') return isSame && pane.axis === 0 && pane.slice === sliceOf(item, own) ? 'clear' : 'none'
  if (!isSame && !shareFrame(own, manifestOf(pane.spec.stack))) return 'none'
  if (isOfPlane(item)) {
    const normal = normalize(pane.plane.normal)
    const along = Math.abs(DEFINITIONS[item.definition].plane === 'coronal' ? normal[1] : normal[0])
    if (along < 0.8) return 'none'
    return points.some((point) => pane.holds(vec3(point))) ? 'clear' : 'faint'
  }
  return points.every((point) => pane.holds(vec3(point))) ? 'clear' : 'none'
}

export const spotOf = (item: Placed, point: readonly number[], pane: Projection, manifestOf: ManifestOf): Spot => pane.toCanvas(worldOf(item, point, pane.grid, manifestOf(item.stack ?? '')))

export const pointsOf = (item: Pick<Measurement, 'points'>): { named: Readonly<Record<string, readonly number[]>>; listed: readonly (readonly number[])[] } =>
  Array.isArray(item.points) ? { named: {}, listed: item.points as readonly (readonly number[])[] } : { named: item.points as Readonly<Record<string, readonly number[]>>, listed: [] }

export const placedOf = (placing: Placing): Placed => ({ definition: placing.definition, frame: placing.ground.frame, stack: placing.stack, slice: placing.slice })
