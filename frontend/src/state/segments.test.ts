import { describe, expect, it } from 'vitest'
import { segmentTouched } from './session/segments'

describe('what is gone on with after a step was taken back', () => {
  const segments = [
    { id: 2, layer: 'instances', structure: 'L4', status: 'proposed' as const },
    { id: 1, layer: 'canal', structure: 'CANAL', status: 'proposed' as const },
  ]

  it('is the instance that was split, for its other half is not there any more', () => {
    const steps = [{ kind: 'segments', set: [{ id: 9, layer: 'instances', structure: 'L3' }, { id: 2, layer: 'instances' }], remove: [] }]
    expect(segmentTouched(steps, segments)).toEqual({ id: 2, layer: 'instances' })
  })

  it('is what was rejected and is back, and what was painted', () => {
    expect(segmentTouched([{ kind: 'segments', set: [], remove: [{ id: 1, layer: 'canal' }] }], segments)).toEqual({ id: 1, layer: 'canal' })
    expect(segmentTouched([{ kind: 'patch', segment: 2, layer: 'instances' } as { kind: string }], segments)).toEqual({ id: 2, layer: 'instances' })
  })

  it('is nothing where the steps are about no structure', () => {
    expect(segmentTouched([{ kind: 'ladder' }], segments)).toBeNull()
  })
})
