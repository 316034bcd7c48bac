import { envelopeDecode, envelopeSplit } from './envelope'
import { cross, dot, normalize, scale, type Vec3 } from './vector'

/** The surface of one segment: points in mm LPS, triangles counter-clockwise seen from outside. */
export interface Mesh {
  readonly segment: number
  readonly name: string
  readonly colour: string
  readonly points: Float32Array
  readonly normals: Float32Array
  readonly triangles: Uint32Array
}

interface Entry {
  readonly segment: number
  readonly name?: string
  readonly structure?: string | null
  readonly colour?: string
  readonly vertices: number
  readonly triangles: number
  readonly offset: readonly number[]
  readonly scale: readonly number[]
  readonly length: number
}

export interface Surface {
  /** Digest of what it was made from: equal keys are equal triangles. */
  readonly key: string
  readonly meshes: readonly Mesh[]
}

const unpacked = async (data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> => {
  const stream = new Blob([Uint8Array.from(data)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Read a surface bundle (docs/reference/surfaces.md). Throws RangeError when it is cut short. */
export const surfaceRead = async (data: Uint8Array): Promise<Surface> => {
  const { header, rest } = envelopeDecode(data)
  const { key = '', meshes = [] } = header as { key?: string; meshes?: readonly Entry[] }
  const bodies = envelopeSplit(rest, meshes.map((entry) => entry.length))
  return { key, meshes: await Promise.all(meshes.map(async (entry, i) => meshOf(entry, await unpacked(bodies[i] ?? new Uint8Array())))) }
}

const meshOf = (entry: Entry, body: Uint8Array<ArrayBuffer>): Mesh => {
  const steps = new Uint16Array(body.buffer, 0, entry.vertices * 3)
  const start = entry.vertices * 6 + (entry.vertices % 2 ? 2 : 0)
  const triangles = new Uint32Array(body.buffer, start, entry.triangles * 3)
  const points = Float32Array.from(steps, (step, i) => (entry.offset[i % 3] ?? 0) + step * (entry.scale[i % 3] ?? 1))
  return { segment: entry.segment, name: entry.name ?? entry.structure ?? '', colour: entry.colour ?? '#9aa2aa', points, triangles, normals: normalsOf(points, triangles) }
}

const at = (points: Float32Array, i: number): Vec3 => [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!]

/** A normal for every point: those of its triangles, each by its area. */
export const normalsOf = (points: Float32Array, triangles: Uint32Array): Float32Array => {
  const normals = new Float32Array(points.length)
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!]
    const [p, q, r] = [at(points, a), at(points, b), at(points, c)]
    const normal = cross([q[0] - p[0], q[1] - p[1], q[2] - p[2]], [r[0] - p[0], r[1] - p[1], r[2] - p[2]])
    for (const corner of [a, b, c]) for (let axis = 0; axis < 3; axis += 1) normals[3 * corner + axis]! += normal[axis as 0 | 1 | 2]
  }
  for (let i = 0; i < normals.length; i += 3) {
    const unit = normalize(at(normals, i / 3))
    normals.set(unit, i)
  }
  return normals
}

/** How the spine is looked at: unit directions to the right and up on the screen, and towards the eye. */
export interface Look {
  readonly right: Vec3
  readonly up: Vec3
  readonly eye: Vec3
}

/** From the patient's left, a little from behind; the head is up. */
export const FROM_THE_LEFT: Look = look(Math.PI / 7)

function look(turn: number): Look {
  const eye: Vec3 = [Math.cos(turn), Math.sin(turn), 0]
  return { eye, up: [0, 0, 1], right: [-Math.sin(turn), Math.cos(turn), 0] }
}

/** The look after dragging by so many radians to the right and down. */
export const turned = ({ right, up, eye }: Look, across: number, down: number): Look => {
  const one = spun(right, up, -across)
  const two = spun(eye, up, -across)
  const up2 = spun(up, one, -down)
  const eye2 = normalize(spun(two, one, -down))
  const right2 = normalize(cross(up2, eye2))
  return { right: right2, eye: eye2, up: cross(eye2, right2) }
}

/** A direction turned about an axis (Rodrigues). */
const spun = (v: Vec3, axis: Vec3, angle: number): Vec3 => {
  const [a, b, c] = [scale(v, Math.cos(angle)), scale(cross(axis, v), Math.sin(angle)), scale(axis, dot(axis, v) * (1 - Math.cos(angle)))]
  return [a[0] + b[0] + c[0], a[1] + b[1] + c[1], a[2] + b[2] + c[2]]
}

/** The nearest triangle under a place: its segment and the point hit. `x` and `y` are mm to the right and up from `centre`. */
export const pick = (meshes: readonly Mesh[], centre: Vec3, { right, up, eye }: Look, x: number, y: number): { segment: number; point: Vec3 } | null => {
  let best = -Infinity
  let found: { segment: number; point: Vec3 } | null = null
  for (const { points, triangles, segment } of meshes) {
    const count = points.length / 3
    const flat = new Float32Array(points.length)
    for (let i = 0; i < count; i += 1) {
      const p = at(points, i)
      const from: Vec3 = [p[0] - centre[0], p[1] - centre[1], p[2] - centre[2]]
      flat.set([dot(from, right) - x, dot(from, up) - y, dot(from, eye)], 3 * i)
    }
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [3 * triangles[t]!, 3 * triangles[t + 1]!, 3 * triangles[t + 2]!]
      const [ax, ay, bx, by, cx, cy] = [flat[a]!, flat[a + 1]!, flat[b]!, flat[b + 1]!, flat[c]!, flat[c + 1]!]
      const u = bx * cy - by * cx
      const v = cx * ay - cy * ax
      const w = ax * by - ay * bx
      if ((u < 0 || v < 0 || w < 0) && (u > 0 || v > 0 || w > 0)) continue
      const sum = u + v + w
      if (sum === 0) continue
      const depth = (u * flat[a + 2]! + v * flat[b + 2]! + w * flat[c + 2]!) / sum
      if (depth <= best) continue
      best = depth
      found = { segment, point: [0, 1, 2].map((axis) => centre[axis as 0] + x * right[axis as 0] + y * up[axis as 0] + depth * eye[axis as 0]) as unknown as Vec3 }
    }
  }
  return found
}
