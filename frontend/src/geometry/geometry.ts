import { add, cross, dot, normalize, scale, subtract, type Vec3 } from './vector'

export type Plane = 'sagittal' | 'axial' | 'coronal' | 'oblique'

export interface GeometryJson {
  origin: readonly number[]
  row_direction: readonly number[]
  column_direction: readonly number[]
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
      triple(json.row_direction),
      triple(json.column_direction),
      triple(json.spacing),
      triple(json.shape),
    )
  }

  toJson(): GeometryJson {
    return {
      origin: [...this.origin],
      row_direction: [...this.rowDirection],
      column_direction: [...this.columnDirection],
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

  /** The plane of the slices: the patient axis within 45 degrees of the normal; "oblique" where none is clearly nearest. */
  get plane(): Plane {
    const parts = this.normal.map(Math.abs)
    const most = Math.max(...parts)
    if (most < Math.SQRT1_2) return 'oblique'
    return (['sagittal', 'coronal', 'axial'] as const)[parts.indexOf(most)] ?? 'oblique'
  }
}
