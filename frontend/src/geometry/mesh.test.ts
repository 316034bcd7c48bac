import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { envelopeEncode } from './envelope'
import { FROM_THE_LEFT, pick, surfaceRead, turned } from './mesh'
import { dot } from './vector'

// a tetrahedron of five points (one unused, so that the padding is read over)
const steps = new Uint16Array([0, 0, 0, 10, 0, 0, 0, 10, 0, 0, 0, 10, 5, 5, 5])
const triangles = new Uint32Array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3])
const body = new Uint8Array(32 + triangles.byteLength)
body.set(new Uint8Array(steps.buffer))
body.set(new Uint8Array(triangles.buffer), 32)
const bundle = () => {
  const packed = gzipSync(body)
  return envelopeEncode({ key: 'k', meshes: [{ segment: 3, name: 'L5', colour: '#e69f00', vertices: 5, triangles: 4, offset: [-1, 0, 0], scale: [0.1, 0.1, 0.2], length: packed.length }] }, [Uint8Array.from(packed)])
}

describe('a surface', () => {
  it('is read into points of the patient, with normals that point out', async () => {
    const { key, meshes } = await surfaceRead(bundle())
    const mesh = meshes[0]!
    expect([key, mesh.segment, mesh.name]).toEqual(['k', 3, 'L5'])
    expect([...mesh.points.slice(3, 6)].map((value) => Number(value.toFixed(6)))).toEqual([0, 0, 0])
    expect([...mesh.points.slice(9, 12)].map((value) => Number(value.toFixed(6)))).toEqual([-1, 0, 2])
    expect(mesh.normals[0]).toBeLessThan(0)
  })

  it('says which segment lies under a place, and where, nearest first', async () => {
    const { meshes } = await surfaceRead(bundle())
    const eye = { right: [1, 0, 0], up: [0, 0, 1], eye: [0, -1, 0] } as const
    expect(pick(meshes, [0, 0, 0], eye, -0.9, 0.1)).toMatchObject({ segment: 3 })
    const found = pick(meshes, [0, 0, 0], eye, -0.9, 0.1)
    expect(found?.point.map((value) => Math.abs(Number(value.toFixed(5))))).toEqual([0.9, 0, 0.1])
    expect(pick(meshes, [0, 0, 0], eye, 5, 5)).toBeNull()
  })

  it('is turned without being bent', () => {
    const { right, up, eye } = turned(turned(FROM_THE_LEFT, 0.4, 0.3), -1.2, 0.8)
    for (const [a, b] of [[right, up], [up, eye], [eye, right]] as const) expect(Math.abs(dot(a, b))).toBeLessThan(1e-6)
    for (const each of [right, up, eye]) expect(dot(each, each)).toBeCloseTo(1, 6)
  })

  it('turns the left side of the picture towards the eye when dragged to the right', () => {
    const front = turned({ right: [0, 1, 0], up: [0, 0, 1], eye: [1, 0, 0] }, 0.5, 0)
    expect(front.eye[1]).toBeLessThan(0)
  })
})
