import { describe, expect, it } from 'vitest'
import { pixelTypeOf, rescaleOf, StackGrid, type StackManifest } from './stack'

const stack = (fields: Partial<StackManifest>, slopes: readonly (number | undefined)[] = [undefined]): StackManifest => ({
  stack: 's', series: 's', modality: 'MR', kind: 'volume', plane: 'sagittal', rows: 2, columns: 2, frameOfReferenceUID: null,
  geometry: null, notVolumeReason: null, photometric: 'MONOCHROME2', bitsStored: 12, signed: false, rescaleSlope: 1,
  rescaleIntercept: 0, windows: [], preview: null,
  slices: slopes.map((rescaleSlope, index) => ({
    key: `k:${index}`, index, frame: 1, position: null, ...(rescaleSlope === undefined ? {} : { rescaleSlope, rescaleIntercept: -5 }),
  })),
  ...fields,
})

describe('real values', () => {
  it("are each slice's own where slices differ", () => {
    const manifest = stack({ rescaleSlope: 1 }, [2, 3, undefined])
    expect([0, 1, 2].map((index) => rescaleOf(manifest, index).rescaleSlope)).toEqual([2, 3, 1])
    expect(rescaleOf(manifest, 1).rescaleIntercept).toBe(-5)
  })

  it('fit the array they are kept in', () => {
    expect(pixelTypeOf(stack({ bitsStored: 8 }))).toBe('Uint8Array')
    expect(pixelTypeOf(stack({ bitsStored: 12 }))).toBe('Uint16Array')
    expect(pixelTypeOf(stack({ bitsStored: 12, rescaleIntercept: -1024 }))).toBe('Int16Array')
    expect(pixelTypeOf(stack({ bitsStored: 16, rescaleIntercept: -1024 }))).toBe('Float32Array')
    expect(pixelTypeOf(stack({ bitsStored: 16, signed: true }))).toBe('Int16Array')
    expect(pixelTypeOf(stack({ bitsStored: 16, signed: true, rescaleSlope: 2 }))).toBe('Float32Array')
    expect(pixelTypeOf(stack({}, [0.5, 1]))).toBe('Float32Array')
    expect(pixelTypeOf(stack({ photometric: 'RGB', bitsStored: 8 }))).toBe('Uint8Array')
  })
})

describe('the sides of a film', () => {
  const film = new StackGrid(stack({ kind: 'single', plane: 'projection', patientOrientation: ['P', 'F'] }))

  it('are what the film says, whichever way it is turned', () => {
    expect([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]].map((to) => film.sideOf([to[0]!, to[1]!, to[2]!]))).toEqual(['P', 'A', 'F', 'H'])
  })

  it('are not guessed', () => {
    expect(new StackGrid(stack({ kind: 'single' })).sideOf([1, 0, 0])).toBeNull()
  })
})
