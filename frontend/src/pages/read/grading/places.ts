/** Where a cell of a grid lies in the patient, so that the pictures can follow it. */
import type { Labelmap } from '@/geometry/labelmap'
import type { Body } from '@/geometry/numbering'
import { StackGrid, type StackManifest } from '@/geometry/stack'
import type { Vec3 } from '@/geometry/vector'
import type { ReadingSession } from '@/state/session'

/** The box of a segment along the patient's axes, mm LPS. */
interface Extent {
  readonly middle: Vec3
  readonly low: Vec3
  readonly high: Vec3
}

const found = new WeakMap<Labelmap, { version: number; extents: Map<number, Extent | null> }>()

const extentOf = (labelmap: Labelmap, manifest: StackManifest, id: number): Extent | null => {
  let known = found.get(labelmap)
  if (known?.version !== labelmap.version) found.set(labelmap, (known = { version: labelmap.version, extents: new Map() }))
  const before = known.extents.get(id)
  if (before !== undefined) return before
  const grid = new StackGrid(manifest)
  const low: [number, number, number] = [Infinity, Infinity, Infinity]
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity]
  const sum: [number, number, number] = [0, 0, 0]
  let count = 0
  for (const slice of labelmap.occupied()) {
    const data = labelmap.slice(slice)
    for (let offset = data.indexOf(id); offset !== -1; offset = data.indexOf(id, offset + 1)) {
      const row = Math.floor(offset / labelmap.columns)
      const point = grid.toWorld([slice, row, offset - row * labelmap.columns])
      count += 1
      for (const axis of [0, 1, 2] as const) {
        low[axis] = Math.min(low[axis], point[axis])
        high[axis] = Math.max(high[axis], point[axis])
        sum[axis] += point[axis]
      }
    }
  }
  const extent = count ? { middle: [sum[0] / count, sum[1] / count, sum[2] / count] as const, low, high } : null
  known.extents.set(id, extent)
  return extent
}

const segmentExtent = (session: ReadingSession, id: number | null): { extent: Extent; stack: string } | null => {
  if (id === null) return null
  for (const manifest of session.getView().manifests) {
    const labelmap = session.labelmap(manifest.stack, 'instances')
    const extent = labelmap && manifest.geometry ? extentOf(labelmap, manifest, id) : null
    if (extent) return { extent, stack: manifest.stack }
  }
  return null
}

/** How far from the middle of the disc a side lies where no mask says how wide it is: the foramen, the recess. */
const ASIDE_MM = { foraminal: 18, recess: 10 } as const

/**
 * The point that a cell is about: the middle of the disc (or of the body), towards the canal for what lies there, and towards
 * the side for the sided forms. Null where neither masks nor ladder say where the level is.
 */
export const placeOf = (session: ReadingSession, bodies: readonly Body[], body: Body, form: string, part: string): { stack: string; point: Vec3; zoomMm: number } | null => {
  const at = bodies.indexOf(body)
  const below = bodies[at + 1]
  const isDisc = part.startsWith('/disc')
  const known = segmentExtent(session, isDisc ? body.disc : body.segment)
  const stack = known?.stack ?? session.getView().manifests.find((manifest) => manifest.geometry)?.stack
  const middle = known?.extent.middle ?? between(pointOf(session, body), isDisc && below ? pointOf(session, below) : null)
  if (!stack || !middle) return null
  const half = known ? (known.extent.high[0] - known.extent.low[0]) / 2 : 22
  const deep = known ? (known.extent.high[1] - known.extent.low[1]) / 2 : 17
  const isForamen = form.includes('foraminal')
  const isInCanal = isForamen || /canal|subarticular|schizas/.test(form)
  const aside = part.endsWith('/left') ? 1 : part.endsWith('/right') ? -1 : 0
  const reach = isForamen ? Math.min(ASIDE_MM.foraminal, Math.max(8, 0.8 * half)) : Math.min(ASIDE_MM.recess, Math.max(5, 0.45 * half))
  return { stack, point: [middle[0] + aside * reach, middle[1] + (isInCanal ? deep + 4 : 0), middle[2]], zoomMm: isDisc ? 90 : 110 }
}

const pointOf = (session: ReadingSession, body: Body): Vec3 | null => segmentExtent(session, body.segment)?.extent.middle ?? ((body.point as Vec3 | null) ?? null)

const between = (a: Vec3 | null, b: Vec3 | null): Vec3 | null => (a && b ? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2] : (a ?? b))
