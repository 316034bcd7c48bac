import { describe, expect, it } from 'vitest'
import { paint, sweep } from './brush'
import { boxes, outline } from './contour'
import { Labelmap, LabelmapEdit } from './labelmap'
import { invertPatch, patchVoxels } from './patch'

const stroke = (radius: number, axis: 0 | 1 | 2 | null = 0) =>
  ({ from: [2, 10, 10], to: [2, 10, 20], radius, spacing: [4, 0.5, 0.5], axis }) as const

describe('the labelmap', () => {
  it('gives the patch of an act, whose inverse restores every voxel', () => {
    const labelmap = new Labelmap(5, 32, 32)
    const before = labelmap.slice(2).slice()
    const edit = new LabelmapEdit(labelmap)
    paint(edit, stroke(2), 3)
    const patch = edit.finish()
    expect([...patch.keys()]).toEqual([2])
    expect(patchVoxels(patch)).toBe(labelmap.slice(2).filter((id) => id === 3).length)
    const after = labelmap.slice(2).slice()
    labelmap.apply(invertPatch(patch))
    expect(labelmap.slice(2)).toEqual(before)
    labelmap.apply(patch)
    expect(labelmap.slice(2)).toEqual(after)
  })

  it('does not overwrite a locked structure and says which one stood in the way', () => {
    const labelmap = new Labelmap(1, 8, 8)
    const first = new LabelmapEdit(labelmap)
    first.set(0, 9, 7)
    first.finish()
    const second = new LabelmapEdit(labelmap, (id) => id !== 7)
    second.set(0, 9, 3)
    second.set(0, 10, 3)
    expect(patchVoxels(second.finish())).toBe(1)
    expect([...second.refused]).toEqual([7])
    expect(labelmap.at(0, 1, 1)).toBe(7)
  })

  it('shows the same voxel on all three planes', () => {
    const labelmap = new Labelmap(4, 5, 6)
    const edit = new LabelmapEdit(labelmap)
    edit.set(3, 2 * 6 + 4, 9)
    edit.finish()
    expect(labelmap.plane(0, 3).data[2 * 6 + 4]).toBe(9)
    expect(labelmap.plane(1, 2).data[3 * 6 + 4]).toBe(9)
    expect(labelmap.plane(2, 4).data[3 * 5 + 2]).toBe(9)
  })
})

describe('the brush', () => {
  it('measures in mm, not in voxels: a sphere of 4 mm reaches one slice of 4 mm and eight rows of 0.5 mm', () => {
    const slices = new Set<number>()
    const rows = new Set<number>()
    sweep([5, 64, 64], { ...stroke(4, null), from: [2, 30, 30], to: [2, 30, 30] }, (slice, row) => {
      slices.add(slice)
      rows.add(row)
    })
    expect([...slices]).toEqual([1, 2, 3])
    expect(rows.size).toBe(17)
  })

  it('draws one voxel however thin it is', () => {
    const seen: number[][] = []
    sweep([5, 64, 64], { ...stroke(0.01), from: [2, 30.4, 30.4], to: [2, 30.4, 30.4] }, (...voxel) => seen.push(voxel))
    expect(seen).toEqual([[2, 30, 30]])
  })

  it('stays inside the stack', () => {
    const labelmap = new Labelmap(1, 8, 8)
    const edit = new LabelmapEdit(labelmap)
    paint(edit, { from: [0, -3, -3], to: [0, 1, 1], radius: 2, spacing: [1, 1, 1], axis: 0 }, 1)
    expect(labelmap.at(0, 0, 0)).toBe(1)
    expect(patchVoxels(edit.finish())).toBeGreaterThan(3)
  })
})

describe('outlines', () => {
  it('run around a square, half a voxel outside its centres', () => {
    const labelmap = new Labelmap(1, 10, 10)
    const edit = new LabelmapEdit(labelmap)
    for (const row of [3, 4, 5]) for (const column of [2, 3, 4, 5]) edit.set(0, row * 10 + column, 8)
    edit.finish()
    const mask = labelmap.plane(0, 0)
    const box = boxes(mask).get(8)
    expect(box).toMatchObject({ left: 2, top: 3, right: 5, bottom: 5, count: 12 })
    const rings = box ? outline(mask, 8, box) : []
    expect(rings).toHaveLength(1)
    const xs = [...(rings[0] ?? [])].filter((_, i) => i % 2 === 0)
    expect([Math.min(...xs), Math.max(...xs)]).toEqual([1.5, 5.5])
  })

  it('keep a hole and touching corners apart', () => {
    const labelmap = new Labelmap(1, 10, 10)
    const edit = new LabelmapEdit(labelmap)
    for (let row = 0; row < 5; row += 1) for (let column = 0; column < 5; column += 1) if (row !== 2 || column !== 2) edit.set(0, row * 10 + column, 1)
    edit.set(0, 55, 1)
    edit.finish()
    const mask = labelmap.plane(0, 0)
    const box = boxes(mask).get(1)
    const rings = box ? outline(mask, 1, box) : []
    expect(rings).toHaveLength(3)
    expect(rings.every((ring) => ring.length >= 8)).toBe(true)
  })
})
