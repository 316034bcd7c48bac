import { describe, expect, it } from 'vitest'
import type { CaseStack } from '@/api/types'
import { contentsOf, faceOf, stackWords } from './case'

const stack = (more: Partial<CaseStack>): CaseStack => ({ id: 'a', series: 's', modality: 'MR', description: '', kind: 'volume', plane: 'sagittal', rows: 1, columns: 1, slice_count: 15, region: null, ...more })

describe('what a case holds', () => {
  it('is said by modality and plane, each once', () => {
    expect(contentsOf([stack({}), stack({ plane: 'axial' }), stack({})])).toBe('MR · sag, ax')
    expect(contentsOf([stack({ modality: 'DX', plane: 'unknown' })])).toBe('DX')
  })

  it('names a series by its description, else by what it is', () => {
    expect(stackWords(stack({ description: 'T2 sagittal', slice_count: 17 }))).toBe('T2 sagittal, 17 images')
    expect(stackWords(stack({ plane: 'axial', slice_count: 1 }))).toBe('MR axial, 1 image')
  })

  it('shows its sagittal stack, else its largest', () => {
    expect(faceOf([stack({ id: 'ax', plane: 'axial', slice_count: 90 }), stack({ id: 'sag' })])?.id).toBe('sag')
    expect(faceOf([stack({ id: 'small', plane: 'axial' }), stack({ id: 'large', plane: 'axial', slice_count: 90 })])?.id).toBe('large')
    expect(faceOf([])).toBeNull()
  })
})
