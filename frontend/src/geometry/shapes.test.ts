import { describe, expect, it } from 'vitest'
import { fillHoles } from './holes'
import { planeThrough, sidesOf, splitFar, swapIds } from './instances'
import { Labelmap, LabelmapEdit } from './labelmap'
import { rasterize } from './polygon'
import { borderRepair, contourEdit } from './repair'
import { scissorsCut } from './scissors'
import { StackGrid, type StackManifest } from './stack'

const SIDE = 20
const box = (labelmap: Labelmap, slice: number, [top, left, bottom, right]: readonly [number, number, number, number], id = 1) => {
  const edit = new LabelmapEdit(labelmap)
  for (let row = top; row <= bottom; row += 1) for (let column = left; column <= right; column += 1) edit.set(slice, row * SIDE + column, id)
  edit.finish()
}
const count = (labelmap: Labelmap, id: number, slice?: number) =>
  Array.from({ length: labelmap.count }, (_, k) => k)
    .filter((k) => slice === undefined || k === slice)
    .reduce((sum, k) => sum + labelmap.slice(k).filter((value) => value === id).length, 0)
const square = (left: number, top: number, right: number, bottom: number) => [[left, top], [right, top], [right, bottom], [left, bottom]] as const

describe('scissors', () => {
  it('cut inside the line on one slice, or through all of them, and touch no other structure', () => {
    const labelmap = new Labelmap(3, SIDE, SIDE)
    for (const slice of [0, 1, 2]) box(labelmap, slice, [5, 5, 14, 14])
    box(labelmap, 1, [0, 5, 3, 14], 2)
    const edit = new LabelmapEdit(labelmap)
    scissorsCut(edit, 1, { axis: 0, planes: [1], ring: square(-0.5, -0.5, 9.5, 19.5), side: 'inside' })
    expect([0, 1, 2].map((slice) => count(labelmap, 1, slice))).toEqual([100, 50, 100])
    scissorsCut(edit, 1, { axis: 0, planes: [0, 1, 2], ring: square(9.5, -0.5, 19.5, 9.5), side: 'outside' })
    expect([0, 1, 2].map((slice) => count(labelmap, 1, slice))).toEqual([25, 25, 25])
    expect(count(labelmap, 2)).toBe(40)
  })

  it('cut straight through when drawn on another plane', () => {
    const labelmap = new Labelmap(3, SIDE, SIDE)
    for (const slice of [0, 1, 2]) box(labelmap, slice, [5, 5, 14, 14])
    const edit = new LabelmapEdit(labelmap)
    // across rows: x is the column, y the slice
    scissorsCut(edit, 1, { axis: 1, planes: Array.from({ length: SIDE }, (_, i) => i), ring: square(-0.5, -0.5, 19.5, 0.5), side: 'inside' })
    expect([0, 1, 2].map((slice) => count(labelmap, 1, slice))).toEqual([0, 100, 100])
  })
})

describe('the contour edit', () => {
  const bulge = [[14.5, 7], [17.5, 7], [17.5, 12], [14.5, 12]] as const
  const dent = [[14.5, 7], [11.5, 7], [11.5, 12], [14.5, 12]] as const

  it('lets the mask follow a border drawn farther out, and farther in', () => {
    const labelmap = new Labelmap(1, SIDE, SIDE)
    box(labelmap, 0, [5, 5, 14, 14])
    const out = new LabelmapEdit(labelmap)
    expect(contourEdit(out, 1, 0, 0, bulge, [1, 1])).toBe(true)
    expect(count(labelmap, 1)).toBe(100 + 15)
    out.cancel()
    expect(contourEdit(new LabelmapEdit(labelmap), 1, 0, 0, dent, [1, 1])).toBe(true)
    expect(count(labelmap, 1)).toBe(100 - 15)
  })

  it('does nothing with a line far from the border, and fills a closed one on an empty slice', () => {
    expect(borderRepair(square(5, 5, 14, 14), [[100, 100], [120, 120]], [1, 1])).toBeNull()
    const labelmap = new Labelmap(1, SIDE, SIDE)
    expect(contourEdit(new LabelmapEdit(labelmap), 1, 0, 0, square(2.5, 2.5, 6.5, 6.5), [1, 1])).toBe(true)
    expect(count(labelmap, 1)).toBe(16)
  })

  it('does not take what another structure holds when it may not', () => {
    const labelmap = new Labelmap(1, SIDE, SIDE)
    box(labelmap, 0, [5, 5, 14, 14])
    box(labelmap, 0, [5, 15, 14, 18], 2)
    const edit = new LabelmapEdit(labelmap, (id) => id !== 2)
    contourEdit(edit, 1, 0, 0, bulge, [1, 1])
    expect(count(labelmap, 1)).toBe(100)
    expect([...edit.refused]).toEqual([2])
  })
})

describe('holes', () => {
  it('in space and on the slice that shows are filled, other structures in them are kept', () => {
    const labelmap = new Labelmap(3, SIDE, SIDE)
    for (const slice of [0, 1, 2]) box(labelmap, slice, [5, 5, 14, 14])
    box(labelmap, 1, [8, 8, 9, 9], 0)
    box(labelmap, 1, [11, 11, 11, 11], 7)
    box(labelmap, 2, [8, 8, 9, 9], 0)
    const inSpace = new LabelmapEdit(labelmap)
    expect(fillHoles(inSpace, 1, 0, 0)).toBe(0)
    expect(fillHoles(inSpace, 1, 0, 2)).toBe(4)
    expect(fillHoles(inSpace, 1, 0, 0)).toBe(4)
    expect(count(labelmap, 7)).toBe(1)
  })
})

const manifest = (spacing: readonly number[]): StackManifest => ({
  stack: 's', series: 's', modality: 'MR', kind: 'volume', plane: 'sagittal', rows: SIDE, columns: SIDE, frameOfReferenceUID: 'f', notVolumeReason: null, photometric: 'MONOCHROME2',
  geometry: { origin: [0, 0, 0], rowDirection: [0, 1, 0], columnDirection: [0, 0, -1], spacing, shape: [3, SIDE, SIDE] }, bitsStored: 12, signed: false, rescaleSlope: 1, rescaleIntercept: 0, windows: [], preview: null,
  slices: [0, 1, 2].map((index) => ({ key: `k${index}`, index, frame: 1, position: null })),
})

describe('instances', () => {
  it('are split by a line drawn on one picture, straight through every slice', () => {
    const grid = new StackGrid(manifest([4, 0.5, 0.5]))
    const labelmap = new Labelmap(3, SIDE, SIDE)
    for (const slice of [0, 1, 2]) box(labelmap, slice, [5, 5, 14, 14])
    const plane = planeThrough(grid.toWorld([1, 7.5, 0]), grid.toWorld([1, 7.5, 19]), [1, 0, 0])
    const { near, far } = sidesOf(labelmap, grid, 1, plane)
    expect([near, far].sort()).toEqual([210, 90])
    splitFar(new LabelmapEdit(labelmap), grid, 1, 9, plane)
    expect(count(labelmap, 9)).toBe(far)
    expect(count(labelmap, 1)).toBe(near)
    expect([0, 1, 2].map((slice) => count(labelmap, 9, slice))).toEqual([far / 3, far / 3, far / 3])
  })

  it('change places voxel by voxel', () => {
    const labelmap = new Labelmap(1, SIDE, SIDE)
    box(labelmap, 0, [0, 0, 1, 1])
    box(labelmap, 0, [5, 5, 9, 9], 2)
    swapIds(new LabelmapEdit(labelmap), 1, 2)
    expect([count(labelmap, 1), count(labelmap, 2)]).toEqual([25, 4])
  })
})

describe('a closed line', () => {
  it('holds the pixels whose centres lie in it', () => {
    expect(rasterize(square(0.5, 0.5, 2.5, 2.5), 4, 4).reduce((sum, value) => sum + value, 0)).toBe(4)
  })
})
