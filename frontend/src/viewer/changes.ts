import type { Patch } from '@/geometry/patch'

/** Where a patch changed most: a slice, and the box of its voxels there. */
export interface ChangedPlace {
  readonly slice: number
  readonly box: readonly [left: number, top: number, right: number, bottom: number]
}

export const changedPlace = (patch: Patch, columns: number): ChangedPlace | null => {
  let most = -1
  let slice: number | null = null
  for (const [index, runs] of patch) {
    const voxels = runs.reduce((sum, run) => sum + run.length, 0)
    if (voxels > most) [most, slice] = [voxels, index]
  }
  if (slice === null) return null
  const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const run of patch.get(slice) ?? []) {
    for (const at of [run.start, run.start + run.length - 1]) {
      box[0] = Math.min(box[0], at % columns)
      box[2] = Math.max(box[2], at % columns)
      box[1] = Math.min(box[1], Math.floor(at / columns))
      box[3] = Math.max(box[3], Math.floor(at / columns))
    }
  }
  return { slice, box }
}
