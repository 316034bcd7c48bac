/** Frames as the manifest names them: what arrives is held against its digest before anybody sees it. */
import { sha256 } from '@/geometry/digest'
import type { StackManifest, StackRegion } from '@/geometry/stack'
import { framesGet } from './annotation'

/** A frame whose bytes are not those that the manifest names. */
export class DamagedFrame extends Error {
  override readonly name = 'DamagedFrame'
}

/** Fetch frames of a stack, or of a region of it, each checked by its SHA-256. One that came damaged is asked for once more, past every cache. */
export const checkedFrames = (manifest: StackManifest, region?: StackRegion | null) => async (from: number, count: number, signal: AbortSignal, level?: number): Promise<Uint8Array[]> => {
  const named = region ?? manifest
  // the beginning of a frame has no digest; it is shown only until the whole frame has been checked
  if (level !== undefined) return framesGet(manifest.stack, from, count, signal, 'default', level, region?.digest)
  const frames = await framesGet(manifest.stack, from, count, signal, 'default', undefined, region?.digest)
  return Promise.all(
    frames.map(async (data, i) => {
      if (await isWhole(named, from + i, data)) return data
      const [again] = await framesGet(manifest.stack, from + i, 1, signal, 'reload', undefined, region?.digest)
      if (again && (await isWhole(named, from + i, again))) return again
      throw new DamagedFrame(`Slice ${from + i + 1} arrived damaged.`)
    }),
  )
}

const isWhole = async (named: StackManifest | StackRegion, index: number, data: Uint8Array<ArrayBuffer>): Promise<boolean> => {
  const expected = named.slices[index]?.frameDigest
  return !expected || (await sha256(data)) === expected
}
