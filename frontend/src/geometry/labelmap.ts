import { applyRuns, diffRuns, type Patch } from './patch'

/** Index along the slice, row or column axis of a labelmap. */
export type Axis = 0 | 1 | 2

/** A flat picture of a labelmap: `width` runs fastest. */
export interface PlaneMask {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/**
 * The mask of one stack and layer: uint8 segment ids [slice, row, column], a slice allocated when it is first needed.
 *
 * Only `load` (what the server holds), `LabelmapEdit` (what a person does) and `apply` (a patch: undo, redo, replay) write to it.
 */
export class Labelmap {
  private readonly slices: (Uint8Array<ArrayBuffer> | undefined)[]
  private readonly versions: Uint32Array
  private readonly empty: Uint8Array<ArrayBuffer>
  private readonly occupancy = new Map<number, { version: number; holds: boolean }>()
  /** Grows with every change; planes across the slices are cached by it. */
  version = 0

  constructor(
    readonly count: number,
    readonly rows: number,
    readonly columns: number,
  ) {
    this.slices = new Array<Uint8Array<ArrayBuffer> | undefined>(count)
    this.versions = new Uint32Array(count)
    this.empty = new Uint8Array(rows * columns)
  }

  get size(): number {
    return this.rows * this.columns
  }

  /** The slice as it is now; do not write to it, and copy it to keep it. */
  slice(index: number): Uint8Array<ArrayBuffer> {
    return this.slices[index] ?? this.empty
  }

  sliceVersion(index: number): number {
    return this.versions[index] ?? 0
  }

  at(slice: number, row: number, column: number): number {
    return this.slices[slice]?.[row * this.columns + column] ?? 0
  }

  load(index: number, data: Uint8Array): void {
    if (data.length !== this.size) throw new RangeError(`Slice ${index} has ${data.length} voxels, the stack ${this.size}.`)
    this.slices[index] = Uint8Array.from(data)
    this.touch(index)
  }

  /** Write a patch, whole or not at all; throws OldValueMismatch when it was made on another mask. */
  apply(patch: Patch): void {
    const written: [number, Uint8Array<ArrayBuffer>][] = []
    for (const [index, runs] of patch) {
      const copy = this.slice(index).slice()
      applyRuns(copy, runs)
      written.push([index, copy])
    }
    for (const [index, copy] of written) {
      this.slices[index] = copy
      this.touch(index)
    }
  }

  /** For `LabelmapEdit` only: the slice to write into. */
  writable(index: number): Uint8Array<ArrayBuffer> {
    return (this.slices[index] ??= new Uint8Array(this.size))
  }

  touch(index: number): void {
    this.versions[index] = (this.versions[index] ?? 0) + 1
    this.version += 1
  }

  /** Slices that hold anything but zero: asked on every redraw, so only slices that changed are looked through. */
  occupied(): number[] {
    return this.slices.flatMap((slice, index) => (slice && this.isOccupied(slice, index) ? [index] : []))
  }

  private isOccupied(slice: Uint8Array<ArrayBuffer>, index: number): boolean {
    const known = this.occupancy.get(index)
    const version = this.sliceVersion(index)
    if (known?.version === version) return known.holds
    const holds = !isEmpty(slice)
    this.occupancy.set(index, { version, holds })
    return holds
  }

  /** The mask on one plane of the grid: across slices (axis 0) [row, column], across rows [slice, column], across columns [slice, row]. */
  plane(axis: Axis, index: number): PlaneMask {
    if (axis === 0) return { width: this.columns, height: this.rows, data: this.slice(index) }
    const width = axis === 1 ? this.columns : this.rows
    const data = new Uint8Array(width * this.count)
    for (let k = 0; k < this.count; k += 1) {
      const slice = this.slices[k]
      if (!slice) continue
      if (axis === 1) data.set(slice.subarray(index * width, (index + 1) * width), k * width)
      else for (let row = 0; row < width; row += 1) data[k * width + row] = slice[row * this.columns + index]!
    }
    return { width, height: this.count, data }
  }
}

/** Whether nothing but zero is in it: a loop, for a call per voxel takes ten times as long. */
export const isEmpty = (data: Uint8Array): boolean => {
  for (let at = 0; at < data.length; at += 1) if (data[at] !== 0) return false
  return true
}

/**
 * One act under way. It remembers each slice as it was before its first voxel changed, so that the patch of the act is
 * exactly the difference, whatever tool wrote it.
 */
export class LabelmapEdit {
  private readonly before = new Map<number, Uint8Array<ArrayBuffer>>()
  /** Ids that stood in the way because they are locked. */
  readonly refused = new Set<number>()

  constructor(
    readonly labelmap: Labelmap,
    /** May a voxel that holds this id be overwritten? */
    private readonly mayOverwrite: (id: number) => boolean = () => true,
  ) {}

  set(slice: number, offset: number, value: number): void {
    const now = this.labelmap.slice(slice)[offset]
    if (now === undefined || now === value) return
    if (!this.mayOverwrite(now)) {
      this.refused.add(now)
      return
    }
    if (!this.before.has(slice)) this.before.set(slice, this.labelmap.slice(slice).slice())
    this.labelmap.writable(slice)[offset] = value
  }

  get touched(): number[] {
    return [...this.before.keys()]
  }

  /** Tell the pictures of the mask that it changed. */
  show(): void {
    for (const slice of this.before.keys()) this.labelmap.touch(slice)
  }

  finish(): Patch {
    const patch = new Map<number, ReturnType<typeof diffRuns>>()
    for (const [slice, before] of [...this.before].sort((a, b) => a[0] - b[0])) {
      const runs = diffRuns(before, this.labelmap.slice(slice))
      if (runs.length) patch.set(slice, runs)
    }
    this.show()
    return patch
  }

  cancel(): void {
    for (const [slice, before] of this.before) this.labelmap.load(slice, before)
    this.before.clear()
  }
}
