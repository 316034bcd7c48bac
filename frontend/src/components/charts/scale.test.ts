import { describe, expect, it } from 'vitest'
import { niceTicks, scale } from './scale'

describe('niceTicks', () => {
  it('encloses the range with round values, few of them', () => {
    expect(niceTicks(0.812, 0.937, 4)).toEqual([0.8, 0.85, 0.9, 0.95])
    expect(niceTicks(0, 100, 4)).toEqual([0, 25, 50, 75, 100])
  })

  it('gives a single value room', () => {
    const ticks = niceTicks(0.9, 0.9, 4)
    expect(ticks.length).toBeGreaterThan(1)
    expect(ticks[0]).toBeLessThanOrEqual(0.9)
  })

  it('survives having nothing', () => {
    expect(niceTicks(Infinity, -Infinity, 4)).toEqual([0, 1])
  })
})

describe('scale', () => {
  it('maps ends to ends and a range without extent to the middle', () => {
    expect([scale([0, 10], [100, 0])(0), scale([0, 10], [100, 0])(10), scale([3, 3], [0, 10])(3)]).toEqual([100, 0, 5])
  })
})
