/** Turns compressed frames (HTJ2K) into real values, beside the page. One decoder serves every frame, so that its memory stays that of one. */
import openJph, { type HTJ2KDecoder } from '@cornerstonejs/codec-openjph/wasmjs'
import wasm from '@cornerstonejs/codec-openjph/wasm?url'
import type { Decoded, Order } from './decoder'

const ARRAYS = { Int16Array, Uint16Array, Uint8Array, Float32Array }

const library = openJph({ locateFile: () => wasm })
let decoder: HTJ2KDecoder | null = null

const storedOf = (bytes: Uint8Array, isWide: boolean, isSigned: boolean): ArrayLike<number> => {
  if (isWide) return isSigned ? new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2) : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  return isSigned ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes
}

const decode = async ({ data, coarser, type, slope, intercept }: Order): Promise<Decoded> => {
  const { HTJ2KDecoder } = await library
  decoder ??= new HTJ2KDecoder()
  decoder.getEncodedBuffer(data.length).set(data)
  decoder.decodeSubResolution(coarser)
  const { width, height, bitsPerSample, componentCount, isSigned } = decoder.getFrameInfo()
  const half = (size: number): number => Math.ceil(size / 2 ** coarser)
  const [rows, columns] = [half(height), half(width)]
  const stored = storedOf(decoder.getDecodedBuffer(), bitsPerSample > 8, isSigned)
  const values = new ARRAYS[type](rows * columns * componentCount)
  let low = Infinity
  let high = -Infinity
  for (let at = 0; at < values.length; at += 1) {
    const value = (stored[at] ?? 0) * slope + intercept
    if (value < low) low = value
    if (value > high) high = value
    values[at] = value
  }
  return { rows, columns, values, low, high }
}

self.onmessage = ({ data: { id, order } }: MessageEvent<{ id: number; order: Order }>) => {
  decode(order).then(
    (decoded) => self.postMessage({ id, decoded }, { transfer: [decoded.values.buffer] }),
    (reason: unknown) => {
      // what it holds after a failure is not trusted with the next frame
      decoder?.delete()
      decoder = null
      self.postMessage({ id, failed: reason instanceof Error ? reason.message : 'The frame cannot be decoded.' })
    },
  )
}
