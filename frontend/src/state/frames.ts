/** Frames as the manifest names them: what arrives is held against its digest before anybody sees it. */
import { sha256 } from '@/geometry/digest'
import type { StackManifest } from '@/geometry/stack'
import { framesGet } from './annotation'

/** A frame whose bytes are not those that the manifest names. */
export class DamagedFrame extends Error {
  override readonly name = 'DamagedFrame'
}

/** Fetch frames of a stack, each checked by its SHA-256. One that came damaged is asked for once more, past every cache. */
export const checkedFrames = (manifest: StackManifest) => async (from: number, count: number, signal: AbortSignal, level?: number): Promise<Uint8Array[]> => {
  // the beginning of a frame has no digest; it is shown only until the whole frame has been checked
  if (level !== undefined) return framesGet(manifest.stack, from, count, signal, 'default', level)
  const frames = await framesGet(manifest.stack, from, count, signal)
  return Promise.all(
    frames.map(async (data, i) => {
      if (await isWhole(manifest, from + i, data)) return data
      const [again] = await framesGet(manifest.stack, from + i, 1, signal, 'reload')
      if (again && (await isWhole(manifest, from + i, again))) return again
      throw new DamagedFrame(`Slice ${from + i + 1} arrived damaged.`)
    }),
  )
}

const isWhole = async (manifest: StackManifest, index: number, data: Uint8Array<ArrayBuffer>): Promise<boolean> => {
  const expected = manifest.slices[index]?.frameDigest
  return !expected || (await sha256(data)) === expected
}
