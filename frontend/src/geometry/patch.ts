/** A run of voxels of one flattened row-major slice that went from one segment id to another. */
export interface Run {
  readonly start: number
  readonly length: number
  readonly from: number
  readonly to: number
}

/** What one act changed in a labelmap: slice index to its runs, ascending and disjoint. The one form in which voxels change. */
export type Patch = ReadonlyMap<number, readonly Run[]>

/** A run met a voxel that does not hold the old value it names. */
export class OldValueMismatch extends Error {
  constructor(
    readonly at: number,
    readonly expected: number,
    readonly found: number,
  ) {
    super(`Voxel ${at} holds ${found}, the patch expects ${expected}.`)
  }
}

const pushVarint = (bytes: number[], value: number): void => {
  let rest = value
  while (rest > 127) {
    bytes.push((rest & 127) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
}

/** Bytes of (gap from the previous run's end, length, old, new) as LEB128 unsigned varints: the twin of `annotation/geometry/patch.py`. */
export const encodeRuns = (runs: readonly Run[]): Uint8Array<ArrayBuffer> => {
  const bytes: number[] = []
  let end = 0
  for (const run of runs) {
    if (run.start < end || run.length < 1) throw new RangeError(`Runs must ascend without overlap; run at ${run.start} does not.`)
    pushVarint(bytes, run.start - end)
    pushVarint(bytes, run.length)
    pushVarint(bytes, run.from)
    pushVarint(bytes, run.to)
    end = run.start + run.length
  }
  return Uint8Array.from(bytes)
}

/** The bytes are not a patch of a slice of this size; `reason` is the same word in Python and here. */
export class BadPatch extends Error {
  constructor(
    readonly reason: 'truncated' | 'overlong' | 'incomplete' | 'empty_run' | 'value_range' | 'out_of_bounds',
    message: string,
  ) {
    super(message)
  }
}

const varints = (bytes: Uint8Array): number[] => {
  const numbers: number[] = []
  let value = 0
  let factor = 1
  let count = 0
  for (const byte of bytes) {
    count += 1
    value += (byte & 127) * factor
    if (count > 5 || value > 0xffffffff || (byte === 0 && count > 1))
      throw new BadPatch('overlong', 'Numbers are written in their shortest form and fit in 32 bits.')
    if (byte > 127) {
      factor *= 128
      continue
    }
    numbers.push(value)
    value = count = 0
    factor = 1
  }
  if (count) throw new BadPatch('truncated', 'The patch ends inside a number.')
  return numbers
}

/** Runs of an encoded body for a slice of `size` voxels; throws BadPatch. */
export const decodeRuns = (bytes: Uint8Array, size: number): Run[] => {
  const numbers = varints(bytes)
  if (numbers.length % 4) throw new BadPatch('incomplete', `A run is four numbers; ${numbers.length} numbers were sent.`)
  const runs: Run[] = []
  let end = 0
  for (let at = 0; at < numbers.length; at += 4) {
    const start = end + numbers[at]!
    const length = numbers[at + 1]!
    const from = numbers[at + 2]!
    const to = numbers[at + 3]!
    if (length < 1) throw new BadPatch('empty_run', 'A run of no pixels is not a run.')
    if (from > 255 || to > 255) throw new BadPatch('value_range', 'Segment ids are 0 to 255.')
    end = start + length
    if (end > size) throw new BadPatch('out_of_bounds', `A run ends at pixel ${end}; the slice has ${size}.`)
    runs.push({ start, length, from, to })
  }
  return runs
}

/** Runs that lead from one slice to another of the same size. */
export const diffRuns = (before: Uint8Array, after: Uint8Array): Run[] => {
  const runs: Run[] = []
  const size = before.length
  let at = 0
  while (at < size) {
    if (before[at] === after[at]) {
      at += 1
      continue
    }
    const start = at
    const from = before[at]!
    const to = after[at]!
    while (at < size && before[at] === from && after[at] === to) at += 1
    runs.push({ start, length: at - start, from, to })
  }
  return runs
}

/** Write runs into a slice, whole or not at all; throws OldValueMismatch where the slice is not what the runs were made on. */
export const applyRuns = (slice: Uint8Array, runs: readonly Run[]): void => {
  for (const run of runs) {
    for (let at = run.start; at < run.start + run.length; at += 1) {
      if (slice[at] !== run.from) throw new OldValueMismatch(at, run.from, slice[at] ?? -1)
    }
  }
  for (const run of runs) slice.fill(run.to, run.start, run.start + run.length)
}

export const invertRuns = (runs: readonly Run[]): Run[] => runs.map((run) => ({ ...run, from: run.to, to: run.from }))

export const invertPatch = (patch: Patch): Patch => new Map([...patch].map(([slice, runs]) => [slice, invertRuns(runs)]))

export const patchVoxels = (patch: Patch): number => [...patch.values()].flat().reduce((sum, run) => sum + run.length, 0)
