import { describe, expect, it } from 'vitest'
import { priorSlice } from './parts/priors'
import { intervalWords } from './interval'

describe('an earlier study', () => {
  it('is dated by the interval only', () => {
    expect([0, 1, 13, 30, 60, 426, 729, 1461].map(intervalWords)).toEqual(['the same day', '1 day before', '13 days before', '4 weeks before', '2 months before', '14 months before', '2 years before', '4 years before'])
  })

  it('stands at the same share of its slices, from the same side of the body', () => {
    expect(priorSlice({ slice: 0, count: 11, normal: [1, 0, 0] }, { count: 21, normal: [1, 0, 0] })).toBe(0)
    expect(priorSlice({ slice: 5, count: 11, normal: [1, 0, 0] }, { count: 21, normal: [1, 0, 0] })).toBe(10)
    expect(priorSlice({ slice: 2, count: 11, normal: [1, 0, 0] }, { count: 21, normal: [-1, 0, 0] })).toBe(16)
    expect(priorSlice({ slice: 2, count: 11, normal: [1, 0, 0] }, { count: 21, normal: [0, 0, 1] })).toBeNull()
  })
})
