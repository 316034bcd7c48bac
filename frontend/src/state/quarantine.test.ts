import { describe, expect, it } from 'vitest'
import { boxFromText, boxOf } from './quarantine'

describe('boxOf', () => {
  it('covers every pixel that was touched, whichever way it was drawn', () => {
    expect(boxOf([10.7, 5.2], [20.1, 30.9], 100, 100)).toEqual([10, 5, 21, 31])
    expect(boxOf([20.1, 30.9], [10.7, 5.2], 100, 100)).toEqual([10, 5, 21, 31])
  })

  it('stays inside the picture, and a click is no box', () => {
    expect(boxOf([-5, -5], [500, 500], 64, 80)).toEqual([0, 0, 64, 80])
    expect(boxOf([10, 10], [10.4, 10.4], 64, 80)).toBeNull()
  })
})

describe('boxFromText', () => {
  it('takes four whole numbers in order, and nothing else', () => {
    expect(boxFromText('40, 12, 60, 200')).toEqual([40, 12, 60, 200])
    expect(['', '1 2 3', '1 2 3 4 5', '60 12 40 200', '1.5 2 3 4', 'a b c d'].map(boxFromText)).toEqual(Array(6).fill(null))
  })
})
