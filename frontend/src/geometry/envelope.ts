export const BUNDLE_TYPE = 'application/vnd.columna.bundle'

/** `u32 little-endian header length | UTF-8 JSON header | bodies`: the binary form of bundles in both directions. */
export const envelopeEncode = (header: unknown, bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const total = bodies.reduce((sum, body) => sum + body.length, 4 + text.length)
  const data = new Uint8Array(total)
  new DataView(data.buffer).setUint32(0, text.length, true)
  data.set(text, 4)
  let at = 4 + text.length
  for (const body of bodies) {
    data.set(body, at)
    at += body.length
  }
  return data
}

/** Returns the header and what follows it; throws RangeError when the data is cut short. */
export const envelopeDecode = (data: Uint8Array): { header: unknown; rest: Uint8Array } => {
  if (data.length < 4) throw new RangeError('The bundle ends before its header.')
  const size = new DataView(data.buffer, data.byteOffset).getUint32(0, true)
  if (data.length < 4 + size) throw new RangeError(`The bundle's header should have ${size} bytes and is cut short.`)
  const header: unknown = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + size)))
  return { header, rest: data.subarray(4 + size) }
}

/** Cuts what follows the header into bodies; throws RangeError when the lengths do not add up. */
export const envelopeSplit = (rest: Uint8Array, lengths: readonly number[]): Uint8Array[] => {
  const total = lengths.reduce((sum, size) => sum + size, 0)
  if (total !== rest.length) throw new RangeError(`The bundle's bodies should have ${total} bytes and have ${rest.length}.`)
  let at = 0
  return lengths.map((size) => rest.subarray(at, (at += size)))
}
