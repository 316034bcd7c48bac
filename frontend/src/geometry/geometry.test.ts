import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Geometry, type GeometryJson } from './geometry'
import { side, type Vec3 } from './vector'

interface Case {
  name: string
  geometry: GeometryJson
  affine: number[][]
  normal: number[]
  plane: string
  digest: string
  niftiAffine: number[][]
  points: { index: Vec3; world: Vec3 }[]
}

const { cases } = JSON.parse(readFileSync('../tests/contract/geometry.json', 'utf8')) as { cases: Case[] }
const close = (found: readonly number[], wanted: readonly number[]) => {
  expect(found).toHaveLength(wanted.length)
  found.forEach((value, i) => expect(Math.abs(value - (wanted[i] ?? NaN))).toBeLessThan(1e-6))
}

describe.each(cases)('geometry: $name', (known) => {
  const geometry = Geometry.fromJson(known.geometry)

  it('has the same axes, plane and NIfTI matrix as in Python', () => {
    close(geometry.affine.flat(), known.affine.flat())
    close(geometry.normal, known.normal)
    close(geometry.niftiAffine.flat(), known.niftiAffine.flat())
    expect(geometry.plane).toBe(known.plane)
  })

  it('takes an index to its point and back', () => {
    for (const { index, world } of known.points) {
      close(geometry.toWorld(index), world)
      close(geometry.toIndex(world), index)
    }
  })

  it('has the same digest as in Python', async () => {
    expect(await geometry.digest()).toBe(known.digest)
  })

  it('survives JSON', () => {
    expect(Geometry.fromJson(geometry.toJson()).toJson()).toEqual(known.geometry)
  })
})

describe('patient sides', () => {
  it('names the side a direction points to, strongest first', () => {
    expect(side([1, 0, 0])).toBe('L')
    expect(side([0, -1, 0])).toBe('A')
    expect(side([0, 0, -1])).toBe('F')
    expect(side([0, 0.5, 0.8])).toBe('HP')
  })
})
