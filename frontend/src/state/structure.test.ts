import { describe, expect, it } from 'vitest'
import { colourOf } from './structure'

describe('the colour of a structure', () => {
  it('differs between neighbours of every spine: eleven, twelve or thirteen thoracic vertebrae, five or six lumbar ones', () => {
    const spines = [
      ['T11', 'T12', 'L1', 'L2', 'L3', 'L4', 'L5', 'SAC'],
      ['T11', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'SAC'],
      ['T11', 'T12', 'T13', 'L1', 'L2'],
    ]
    const same = spines.flatMap((spine) => spine.filter((code, i) => i > 0 && colourOf(code) === colourOf(spine[i - 1] ?? '')))
    expect(same).toEqual([])
  })
})
