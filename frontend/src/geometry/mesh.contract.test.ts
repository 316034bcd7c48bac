import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { surfaceRead } from './mesh'

interface Contract {
  readonly bundle: string
  readonly meshes: readonly { segment: number; name: string; colour: string; points: number[][]; triangles: number[][] }[]
}

const contract = JSON.parse(readFileSync('../tests/contract/surface.json', 'utf8')) as Contract

describe('the surface bundle of the server', () => {
  it('is read into the same points, triangles, names and colours', async () => {
    const { meshes } = await surfaceRead(Uint8Array.from(atob(contract.bundle), (letter) => letter.charCodeAt(0)))
    expect(meshes.map(({ segment, name, colour }) => ({ segment, name, colour }))).toEqual(
      contract.meshes.map(({ segment, name, colour }) => ({ segment, name, colour })),
    )
    for (const [index, expected] of contract.meshes.entries()) {
      const { points, triangles } = meshes[index]!
      expect([...triangles]).toEqual(expected.triangles.flat())
      for (const [at, value] of expected.points.flat().entries()) expect(points[at]).toBeCloseTo(value, 2)
    }
  })
})
