import { describe, expect, it } from 'vitest'
import { segmentTouched } from './session/segments'

const step = (fields: { readonly kind: string } & Readonly<Record<string, unknown>>): { readonly kind: string } => fields

describe('what is gone on with after a step was taken back', () => {
  const segments = [
    { id: 2, layer: 'instances', structure: 'L4', status: 'proposed' as const },
    { id: 1, layer: 'canal', structure: 'CANAL', status: 'proposed' as const },
  ]

  it('is the instance that was split, for its other half is not there any more', () => {
    expect(segmentTouched([step({ kind: 'segments', set: [{ id: 9, layer: 'instances', structure: 'L3' }, { id: 2, layer: 'instances' }], remove: [] })], segments)).toEqual({ id: 2, layer: 'instances' })
  })

  it('is what was rejected and is back, and what was painted', () => {
    expect(segmentTouched([step({ kind: 'segments', set: [], remove: [{ id: 1, layer: 'canal' }] })], segments)).toEqual({ id: 1, layer: 'canal' })
    expect(segmentTouched([step({ kind: 'patch', segment: 2, layer: 'instances' })], segments)).toEqual({ id: 2, layer: 'instances' })
  })

  it('is nothing where the steps are about no structure', () => {
    expect(segmentTouched([{ kind: 'ladder' }], segments)).toBeNull()
  })
})
