import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sha256 } from './digest'
import { envelopeDecode, envelopeEncode, envelopeSplit } from './envelope'
import { applyRuns, BadPatch, decodeRuns, diffRuns, encodeRuns, invertRuns, OldValueMismatch, type Run } from './patch'

interface Slice {
  name: string
  rows: number
  columns: number
  before: string | null
  beforeRuns: [number, number][] | null
  body: string
}

interface Contract {
  varints: [number, string][]
  apply: (Slice & { runs: [number, number, number, number][]; inverseBody: string; beforeDigest: string; afterDigest: string })[]
  mustFail: (Slice & { reason: string })[]
  mismatch: (Slice & { pixel: number; expected: number; found: number })[]
  envelope: {
    good: { name: string; bundle: string; header: { ops: { slices?: { length: number }[] }[] }; bodies: string[] }[]
    bad: { name: string; bundle: string }[]
  }
}

const contract = JSON.parse(readFileSync('../tests/contract/patch.json', 'utf8')) as Contract
const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const hex = (data: Uint8Array) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('')
const base64 = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
const plane = (slice: Slice) => {
  if (slice.before !== null) return bytes(slice.before)
  const data = new Uint8Array(slice.rows * slice.columns)
  let at = 0
  for (const [value, count] of slice.beforeRuns ?? []) data.fill(value, at, (at += count))
  return data
}
const gaps = (runs: Run[]) => {
  let end = 0
  return runs.map((run) => {
    const gap = run.start - end
    end = run.start + run.length
    return [gap, run.length, run.from, run.to]
  })
}

describe('numbers on the wire', () => {
  it.each(contract.varints)('%d is %s', (value, code) => {
    const run = encodeRuns([{ start: value, length: 1, from: 0, to: 1 }])
    expect(hex(run)).toBe(`${code}010001`)
  })
})

describe.each(contract.apply)('patch: $name', (known) => {
  const before = plane(known)

  it('decodes, encodes and inverts as in Python', () => {
    const runs = decodeRuns(bytes(known.body), before.length)
    expect(gaps(runs)).toEqual(known.runs)
    expect(hex(encodeRuns(runs))).toBe(known.body)
    expect(hex(encodeRuns(invertRuns(runs)))).toBe(known.inverseBody)
  })

  it('leads to the same voxels, and back', async () => {
    const runs = decodeRuns(bytes(known.body), before.length)
    const slice = before.slice()
    expect(await sha256(slice)).toBe(known.beforeDigest)
    applyRuns(slice, runs)
    expect(await sha256(slice)).toBe(known.afterDigest)
    expect(hex(encodeRuns(diffRuns(before, slice)))).toBe(known.body)
    applyRuns(slice, invertRuns(runs))
    expect(slice.every((value, at) => value === before[at])).toBe(true)
  })
})

describe('what is not a patch', () => {
  it.each(contract.mustFail)('$name is refused as $reason', (known) => {
    let reason = ''
    try {
      decodeRuns(bytes(known.body), known.rows * known.columns)
    } catch (error) {
      if (error instanceof BadPatch) reason = error.reason
    }
    expect(reason).toBe(known.reason)
  })

  it.each(contract.mismatch)('$name', (known) => {
    const slice = plane(known)
    const before = hex(slice)
    const runs = decodeRuns(bytes(known.body), slice.length)
    expect(() => applyRuns(slice, runs)).toThrow(new OldValueMismatch(known.pixel, known.expected, known.found))
    expect(hex(slice)).toBe(before)
  })
})

describe('bundles', () => {
  it.each(contract.envelope.good)('$name', (known) => {
    const { header, rest } = envelopeDecode(base64(known.bundle))
    expect(header).toEqual(known.header)
    const lengths = known.header.ops.flatMap((operation) => (operation.slices ?? []).map((slice) => slice.length))
    const bodies = envelopeSplit(rest, lengths)
    expect(bodies.map(hex)).toEqual(known.bodies)
    expect(envelopeEncode(header, bodies)).toEqual(base64(known.bundle))
  })

  it.each(contract.envelope.bad.filter((known) => known.name !== 'header is a list'))('$name is refused', (known) => {
    expect(() => {
      const { header, rest } = envelopeDecode(base64(known.bundle))
      const { ops } = header as { ops: { slices?: { length: number }[] }[] }
      envelopeSplit(
        rest,
        ops.flatMap((operation) => (operation.slices ?? []).map((slice) => slice.length)),
      )
    }).toThrow()
  })
})
