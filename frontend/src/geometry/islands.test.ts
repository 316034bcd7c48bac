import { describe, expect, it } from 'vitest'
import { fillBetween, gapsOf } from './between'
import { islandsOf, keepLargest } from './islands'
import { Labelmap, LabelmapEdit } from './labelmap'
import { centresOf, locate } from './locate'
import { cutPolygon } from './polygon'

const disc = (labelmap: Labelmap, slice: number, radius: number, id = 1) => {
  const edit = new LabelmapEdit(labelmap)
  for (let row = 0; row < labelmap.rows; row += 1) for (let column = 0; column < labelmap.columns; column += 1) if (Math.hypot(row - 20, column - 20) <= radius) edit.set(slice, row * labelmap.columns + column, id)
  edit.finish()
}
const area = (labelmap: Labelmap, slice: number, id = 1) => labelmap.slice(slice).filter((value) => value === id).length

describe('islands', () => {
  it('are parts that share no face, across slices too', () => {
    const labelmap = new Labelmap(3, 41, 41)
    disc(labelmap, 0, 4)
    disc(labelmap, 1, 5)
    const edit = new LabelmapEdit(labelmap)
    edit.set(2, 3, 1)
    edit.set(0, 0, 1)
    edit.finish()
    expect(islandsOf(labelmap, 1).map((island) => island.voxels)).toEqual([area(labelmap, 0) - 1 + area(labelmap, 1), 1, 1])
    const clean = new LabelmapEdit(labelmap)
    expect(keepLargest(clean, 1)).toBe(2)
    expect(clean.finish().size).toBe(2)
    expect(islandsOf(labelmap, 1)).toHaveLength(1)
  })
})

describe('filling between slices', () => {
  it('grows a disc evenly, and only where nothing was drawn', () => {
    const labelmap = new Labelmap(5, 41, 41)
    disc(labelmap, 0, 4)
    disc(labelmap, 4, 12)
    expect(gapsOf(labelmap, 1)).toEqual([[0, 4]])
    const edit = new LabelmapEdit(labelmap)
    expect(fillBetween(edit, 1, [4, 0.5, 0.5])).toBe(3)
    edit.finish()
    expect(Math.sqrt(area(labelmap, 2) / Math.PI)).toBeCloseTo(8, 0)
    expect(area(labelmap, 1)).toBeLessThan(area(labelmap, 2))
    expect(gapsOf(labelmap, 1)).toEqual([])
  })

  it('does not paint over another structure', () => {
    const labelmap = new Labelmap(3, 41, 41)
    disc(labelmap, 0, 8)
    disc(labelmap, 2, 8)
    disc(labelmap, 1, 3, 2)
    const edit = new LabelmapEdit(labelmap)
    fillBetween(edit, 1, [4, 1, 1])
    edit.finish()
    expect(area(labelmap, 1, 2)).toBeGreaterThan(20)
    expect(area(labelmap, 1)).toBeGreaterThan(100)
  })
})

describe('the middle of a structure', () => {
  it('is found for all of them at once, and on the slice where each is largest', () => {
    const labelmap = new Labelmap(3, 41, 41)
    disc(labelmap, 0, 3)
    disc(labelmap, 2, 9)
    disc(labelmap, 1, 2, 7)
    expect(centresOf(labelmap).get(7)).toEqual([1, 20, 20])
    expect(centresOf(labelmap).get(1)?.[0]).toBeGreaterThan(1.5)
    expect(locate(labelmap, 1)).toMatchObject({ slice: 2, row: 20, column: 20, height: 19 })
    expect(locate(labelmap, 9)).toBeNull()
  })
})

describe('the lasso', () => {
  it('fills what it goes round, on any plane', () => {
    const labelmap = new Labelmap(12, 12, 12)
    const edit = new LabelmapEdit(labelmap)
    const ring = [
      [2.5, 2.5],
      [6.5, 2.5],
      [6.5, 7.5],
      [2.5, 7.5],
    ] as const
    cutPolygon(edit, 0, 3, ring, 1)
    cutPolygon(edit, 2, 9, ring, 2)
    edit.finish()
    expect(area(labelmap, 3)).toBe(20)
    expect(labelmap.at(5, 4, 9)).toBe(2)
    expect(labelmap.plane(2, 9).data.filter((value) => value === 2)).toHaveLength(20)
  })
})
