import { describe, expect, it } from 'vitest'
import { arrivalWords } from './arrival'

describe('how far a study has come', () => {
  it.each([
    [{ state: 'arriving', received: 14, expected: 30 }, 'Still arriving: 14 of 30 images'],
    [{ state: 'arriving', received: 1, expected: null }, 'Still arriving: 1 image so far'],
    [{ state: 'arriving', received: 31, expected: 30 }, 'Still arriving: 31 images so far'],
    [{ state: 'short', received: 14, expected: 30 }, 'Incomplete: 14 of 30 images came'],
    [{ state: 'whole', received: 30, expected: 30 }, 'Complete: 30 images'],
  ] as const)('%o is said as %s', (arrival, words) => {
    expect(arrivalWords(arrival)).toBe(words)
  })
})
