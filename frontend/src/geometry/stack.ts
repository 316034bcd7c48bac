import { Geometry, planeOf, type GeometryJson, type Plane } from './geometry'
import { add, cross, dot, normalize, opposite, scale, side, subtract, type Vec3 } from './vector'

export interface ManifestSlice {
  readonly key: string
  readonly index: number
  readonly frame: number
  readonly position: readonly number[] | null
  readonly rowDirection?: readonly number[] | null
  readonly columnDirection?: readonly number[] | null
  /** Where they differ from slice to slice (Philips MR, PET), these hold and not the stack's own. */
  readonly rescaleSlope?: number
  readonly rescaleIntercept?: number
  readonly signed?: boolean
  readonly frameDigest?: string
  readonly length?: number
  /** Byte offsets at which each resolution of the frame is complete, coarsest first. */
  readonly levels?: readonly number[]
}

/** A part of an ultrasound picture in which lengths are known: its box in pixels, ends included, and (between rows, between columns) in mm. */
export interface UltrasoundRegion {
  readonly box: readonly [left: number, top: number, right: number, bottom: number]
  readonly spacing: readonly [rows: number, columns: number]
}

/** What `GET /api/stacks/{id}/manifest` says of a stack. */
export interface StackManifest {
  readonly stack: string
  readonly series: string
  readonly modality: string
  readonly kind: 'volume' | 'stack' | 'single' | 'cine'
  readonly plane: Plane | 'projection' | 'unknown'
  readonly rows: number
  readonly columns: number
  readonly description?: string
  readonly frameOfReferenceUID: string | null
  readonly geometry: GeometryJson | null
  readonly notVolumeReason: string | null
  readonly pixelSpacing?: readonly number[] | null
  /** The attribute that gives the spacing: PixelSpacing, ImagerPixelSpacing or NominalScannedPixelSpacing. */
  readonly pixelSpacingSource?: string | null
  /** Calibrated parts of an ultrasound picture. */
  readonly regions?: readonly UltrasoundRegion[] | null
  /** The sides of the body that rows and columns of a film run to, as in ["L", "F"]. */
  readonly patientOrientation?: readonly string[] | null
  readonly photometric: string
  readonly samplesPerPixel?: number
  readonly bitsStored: number
  readonly signed: boolean
  readonly rescaleSlope: number
  readonly rescaleIntercept: number
  readonly windows: readonly { readonly center: number; readonly width: number; readonly label?: string | null }[]
  readonly slices: readonly ManifestSlice[]
  readonly preview: string | null
  /** Not of the manifest itself: the part round the spine of a large CT that opens first. */
  readonly region?: StackRegion | null
}

/** What `GET /api/stacks/{id}/regions/{digest}` says: rows and columns [first, last + 1) of the stack's own grid, a frame for each of its slices. */
export interface StackRegion {
  readonly digest: string
  readonly rows: readonly [number, number]
  readonly columns: readonly [number, number]
  readonly bytes: number
  readonly wholeBytes: number
  readonly slices: readonly { readonly frameDigest: string; readonly length: number; readonly levels: readonly number[] }[]
}

export interface Rescale {
  readonly rescaleSlope: number
  readonly rescaleIntercept: number
}

/** How stored values of a slice become real ones (PS3.3 C.11.1). */
export const rescaleOf = (manifest: StackManifest, index: number): Rescale => {
  const slice = manifest.slices[index]
  return {
    rescaleSlope: slice?.rescaleSlope ?? manifest.rescaleSlope,
    rescaleIntercept: slice?.rescaleIntercept ?? manifest.rescaleIntercept,
  }
}

export const isSigned = (manifest: StackManifest, index: number): boolean => manifest.slices[index]?.signed ?? manifest.signed

/** The smallest array type that holds the real values of every slice exactly, whatever is stored within `bitsStored`. */
export const pixelTypeOf = (manifest: StackManifest): PixelType => {
  if (/^(RGB|YBR|PALETTE)/.test(manifest.photometric)) return 'Uint8Array'
  const half = 2 ** (manifest.bitsStored - 1)
  let lowest = 0
  let highest = 0
  for (const index of manifest.slices.keys()) {
    const { rescaleSlope, rescaleIntercept } = rescaleOf(manifest, index)
    if (!Number.isInteger(rescaleSlope) || !Number.isInteger(rescaleIntercept)) return 'Float32Array'
    const stored = isSigned(manifest, index) ? [-half, half - 1] : [0, 2 * half - 1]
    const ends = stored.map((value) => value * rescaleSlope + rescaleIntercept)
    lowest = Math.min(lowest, ...ends)
    highest = Math.max(highest, ...ends)
  }
  if (lowest >= 0 && highest <= 255) return 'Uint8Array'
  if (lowest >= 0 && highest <= 65_535) return 'Uint16Array'
  return lowest >= -32_768 && highest <= 32_767 ? 'Int16Array' : 'Float32Array'
}

export type PixelType = 'Uint8Array' | 'Uint16Array' | 'Int16Array' | 'Float32Array'

export interface SlicePlane {
  readonly origin: Vec3
  readonly row: Vec3
  readonly column: Vec3
  readonly normal: Vec3
}

const triple = (values: readonly number[]): Vec3 => [values[0] ?? 0, values[1] ?? 0, values[2] ?? 0]

/**
 * Where the voxels of a stack are. A volume has one grid; any other stack has a plane per slice, and a stack that says
 * nothing of the patient (a film, an ultrasound clip) lies in a frame of its own, one mm per pixel unless it is calibrated.
 */
export class StackGrid {
  readonly geometry: Geometry
  readonly isVolume: boolean
  /** Whether lengths in mm may be shown. */
  readonly isCalibrated: boolean
  /** Whether points can be shared with other stacks of the frame of reference. */
  readonly isInPatient: boolean
  private readonly planes: readonly SlicePlane[]
  private readonly sides: readonly string[] | null

  constructor(manifest: StackManifest) {
    this.isVolume = manifest.geometry !== null
    const [rowSpacing, columnSpacing] = manifest.pixelSpacing ?? []
    this.isCalibrated = this.isVolume || rowSpacing !== undefined
    const first = manifest.slices[0]
    const along = first ? directions(first) : null
    this.sides = manifest.patientOrientation ?? null
    this.isInPatient = this.isVolume || (along !== null && Array.isArray(first?.position))
    this.geometry = manifest.geometry
      ? Geometry.fromJson(manifest.geometry)
      : new Geometry(
          first?.position ? triple(first.position) : [0, 0, 0],
          along?.row ?? [1, 0, 0],
          along?.column ?? [0, 1, 0],
          [1, rowSpacing ?? 1, columnSpacing ?? rowSpacing ?? 1],
          [manifest.slices.length, manifest.rows, manifest.columns],
        )
    this.planes = this.isVolume ? [] : manifest.slices.map((slice) => this.planeFrom(slice))
  }

  private planeFrom(slice: ManifestSlice): SlicePlane {
    const along = directions(slice)
    const row = along?.row ?? this.geometry.rowDirection
    const column = along?.column ?? this.geometry.columnDirection
    const origin = slice.position ? triple(slice.position) : add(this.geometry.origin, scale(this.geometry.normal, slice.index))
    return { origin, row, column, normal: normalize(cross(row, column)) }
  }

  get count(): number {
    return this.geometry.shape[0]
  }

  slicePlane(slice: number): SlicePlane {
    const own = this.planes[slice]
    if (own) return own
    const { rowDirection, columnDirection, normal } = this.geometry
    return { origin: this.geometry.toWorld([slice, 0, 0]), row: rowDirection, column: columnDirection, normal }
  }

  toWorld(index: Vec3): Vec3 {
    if (this.isVolume) return this.geometry.toWorld(index)
    const plane = this.slicePlane(Math.round(index[0]))
    const { spacing } = this.geometry
    return add(plane.origin, add(scale(plane.column, index[1] * spacing[1]), scale(plane.row, index[2] * spacing[2])))
  }

  /** The side of the body a direction runs to: "L", "AF"; null when the stack does not say. */
  sideOf(direction: Vec3): string | null {
    if (this.isInPatient) return side(direction)
    if (!this.sides) return null
    const { rowDirection, columnDirection } = this.geometry
    const along = [dot(direction, rowDirection), dot(direction, columnDirection)] as const
    const axis = Math.abs(along[0]) >= Math.abs(along[1]) ? 0 : 1
    const word = this.sides[axis] ?? ''
    return along[axis] >= 0 ? word : opposite(word)
  }

  /** The fractional index of a point; in a stack that is no volume, on its nearest slice. */
  toIndex(point: Vec3): Vec3 {
    if (this.isVolume) return this.geometry.toIndex(point)
    const slice = this.nearestSlice(point)
    return this.toIndexOn(slice, point)
  }

  toIndexOn(slice: number, point: Vec3): Vec3 {
    if (this.isVolume) return this.geometry.toIndex(point)
    const plane = this.slicePlane(slice)
    const { spacing } = this.geometry
    const from = subtract(point, plane.origin)
    return [slice, dot(from, plane.column) / spacing[1], dot(from, plane.row) / spacing[2]]
  }

  /** The slice whose plane is nearest to the point, always one that exists. */
  nearestSlice(point: Vec3): number {
    if (this.isVolume) return Math.max(0, Math.min(this.count - 1, Math.round(this.geometry.toIndex(point)[0])))
    let best = 0
    let least = Infinity
    for (let slice = 0; slice < this.count; slice += 1) {
      const plane = this.slicePlane(slice)
      const away = Math.abs(dot(subtract(point, plane.origin), plane.normal))
      if (away < least) [best, least] = [slice, away]
    }
    return best
  }

  get plane(): Plane {
    return planeOf(this.geometry.normal)
  }
}

const directions = (slice: ManifestSlice): { row: Vec3; column: Vec3 } | null =>
  slice.rowDirection && slice.columnDirection ? { row: triple(slice.rowDirection), column: triple(slice.columnDirection) } : null
