import { describe, expect, it } from 'vitest'
import { colourOf, PALETTE } from './structure'

type Rows = readonly (readonly [number, number, number])[]

/** What an eye sees, on linear RGB: Machado, Oliveira and Fernandes 2009 (doi:10.1109/TVCG.2009.113), severity 1.0. */
const EYES: Readonly<Record<string, Rows>> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  deuteranope: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  protanope: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  tritanope: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
const TO_XYZ: Rows = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
const WHITE = [0.95047, 1, 1.08883] as const

const times = (rows: Rows, vector: readonly number[]): number[] => rows.map((row) => row.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0))

/** CIE L*a*b* (D65) of `#rrggbb`. */
const lab = (colour: string, eye: Rows): [number, number, number] => {
  const linear = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  const seen = times(eye, linear).map((c) => Math.min(1, Math.max(0, c)))
  const [x = 0, y = 0, z = 0] = times(TO_XYZ, seen).map((c, i) => c / (WHITE[i] ?? 1)).map((c) => (c > (6 / 29) ** 3 ? Math.cbrt(c) : c / (3 * (6 / 29) ** 2) + 4 / 29))
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

const apart = (one: string, other: string, eye: Rows): number => {
  const [a, b] = [lab(one, eye), lab(other, eye)]
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
}

describe('the colour of a structure', () => {
  it('differs between neighbours of every spine: eleven, twelve or thirteen thoracic vertebrae, five or six lumbar ones', () => {
    const spines = [
      ['T11', 'T12', 'L1', 'L2', 'L3', 'L4', 'L5', 'SAC'],
      ['T11', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'SAC'],
      ['T11', 'T12', 'T13', 'L1', 'L2'],
    ]
    const same = spines.flatMap((spine) => spine.filter((code, i) => i > 0 && colourOf(code) === colourOf(spine[i - 1] ?? '')))
    expect(same).toEqual([])
  })

  it('is 20 or more away from every other structure, for normal, deuteranope, protanope and tritanope eyes', () => {
    const { other, ...structures } = PALETTE
    const named = Object.entries(structures)
    // what has no colour of its own never lies at the cord
    const pairs = [...named.flatMap((one, i) => named.slice(i + 1).map((two) => [one, two] as const)), ...named.filter(([name]) => name !== 'cord').map((one) => [one, ['other', other]] as const)]
    const close = Object.entries(EYES).flatMap(([eye, rows]) => pairs.filter(([[, a], [, b]]) => apart(a, b, rows) < 20).map(([[a], [b]]) => `${eye}: ${a} and ${b}`))
    expect(close).toEqual([])
  })
})
