import { sha256 } from './digest'
import { add, cross, dot, normalize, scale, subtract, type Vec3 } from './vector'

export type Plane = 'sagittal' | 'axial' | 'coronal' | 'oblique'

export interface GeometryJson {
  origin: readonly number[]
  rowDirection: readonly number[]
  columnDirection: readonly number[]
  spacing: readonly number[]
  shape: readonly number[]
}

const triple = (values: readonly number[]): Vec3 => [values[0] ?? 0, values[1] ?? 0, values[2] ?? 0]

/**
 * A regular grid in the patient: the twin of `storage/dicom/geometry.py`.
 *
 * Indices are [slice, row, column]; points (x, y, z) in mm LPS. `rowDirection` is where the column index grows and
 * `columnDirection` where the row index grows (PS3.3 C.7.6.2.1.1); slices grow along their cross product. Spacing is
 * (slice, row, column) in mm and follows the same order as the shape.
 */
export class Geometry {
  readonly normal: Vec3

  constructor(
    readonly origin: Vec3,
    readonly rowDirection: Vec3,
    readonly columnDirection: Vec3,
    readonly spacing: Vec3,
    readonly shape: Vec3,
  ) {
    this.normal = normalize(cross(rowDirection, columnDirection))
  }

  static fromJson(json: GeometryJson): Geometry {
    return new Geometry(
      triple(json.origin),
      triple(json.rowDirection),
      triple(json.columnDirection),
      triple(json.spacing),
      triple(json.shape),
    )
  }

  toJson(): GeometryJson {
    return {
      origin: [...this.origin],
      rowDirection: [...this.rowDirection],
      columnDirection: [...this.columnDirection],
      spacing: [...this.spacing],
      shape: [...this.shape],
    }
  }

  /** The unit step in mm of each index: slice, row, column. */
  get steps(): readonly [Vec3, Vec3, Vec3] {
    return [
      scale(this.normal, this.spacing[0]),
      scale(this.columnDirection, this.spacing[1]),
      scale(this.rowDirection, this.spacing[2]),
    ]
  }

  /** Rows of the 4 × 4 matrix that takes [slice, row, column, 1] to LPS mm. */
  get affine(): number[][] {
    const [slice, row, column] = this.steps
    return [
      [slice[0], row[0], column[0], this.origin[0]],
      [slice[1], row[1], column[1], this.origin[1]],
      [slice[2], row[2], column[2], this.origin[2]],
      [0, 0, 0, 1],
    ]
  }

  toWorld(index: Vec3): Vec3 {
    const [slice, row, column] = this.steps
    return add(this.origin, add(add(scale(slice, index[0]), scale(row, index[1])), scale(column, index[2])))
  }

  /** The fractional index of a point; the middle of a voxel is a whole number. */
  toIndex(point: Vec3): Vec3 {
    const from = subtract(point, this.origin)
    return [
      dot(from, this.normal) / this.spacing[0],
      dot(from, this.columnDirection) / this.spacing[1],
      dot(from, this.rowDirection) / this.spacing[2],
    ]
  }

  contains(index: Vec3): boolean {
    return index.every((value, axis) => value > -0.5 && value < this.shape[axis as 0 | 1 | 2] - 0.5)
  }

  /** The plane of the slices: the patient axis nearest to the normal, "oblique" where that is more than 41 degrees off. */
  get plane(): Plane {
    return planeOf(this.normal)
  }

  /** Rows of the 4 × 4 matrix that takes (column, row, slice, 1) to mm RAS, as NIfTI-1 asks. */
  get niftiAffine(): number[][] {
    return this.affine.map((row, axis) => {
      const sign = axis < 2 ? -1 : 1
      return [sign * row[2]!, sign * row[1]!, sign * row[0]!, sign * row[3]!]
    })
  }

  /** SHA-256 hex over the numbers rounded to 1 µm (origin, spacing) and 1e-6 (directions): equal grids have equal digests. */
  async digest(): Promise<string> {
    const parts = [
      'columna-geometry-1',
      ...this.shape.map(String),
      ...[...this.origin, ...this.spacing].map((value) => rounded(value, 1e3)),
      ...[...this.rowDirection, ...this.columnDirection].map((value) => rounded(value, 1e6)),
    ]
    return sha256(new TextEncoder().encode(parts.join(',')))
  }
}

const OBLIQUE_BELOW = 0.75

export const planeOf = (normal: Vec3): Plane => {
  const parts = normal.map(Math.abs)
  const most = Math.max(...parts)
  return most < OBLIQUE_BELOW ? 'oblique' : (['sagittal', 'coronal', 'axial'] as const)[parts.indexOf(most) as 0 | 1 | 2]
}

/** Half away from zero, never a minus before zero: the same digits as the Python twin. */
const rounded = (value: number, factor: number): string => {
  const whole = Math.floor(Math.abs(value * factor) + 0.5)
  return value < 0 && whole ? `-${whole}` : `${whole}`
}
