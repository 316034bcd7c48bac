import { describe, expect, it } from 'vitest'
import { surenessOf, whyOf } from './sureness'

const segments = [
  { id: 1, layer: 'instances', structure: 'L5' },
  { id: 2, layer: 'instances', structure: 'L4' },
  { id: 1, layer: 'canal', structure: 'CANAL' },
]
const body = {
  stacks: {
    a: { layers: { instances: { 1: { mean: 0.31, level: 'doubtful' }, 2: { mean: 0.1, level: 'sure' } }, canal: { 1: { mean: 0.1, level: 'sure' } } }, numbering: { sure: false, reason: 'counted without C2' } },
    b: { layers: { instances: { 1: { mean: 0.4, level: 'doubtful' } } } },
  },
  doubts: [{ layer: 'instances', id: 1 }],
}

describe('surenessOf', () => {
  it('names structures, worst first, each with its worst stack', () => {
    const sureness = surenessOf(body, segments, 'm-0.1')
    expect(sureness?.places.map(({ name, entropy }) => [name, entropy])).toEqual([
      ['L5', 0.4],
      ['L4', 0.1],
      ['Canal', 0.1],
    ])
    expect(sureness?.doubtful).toBe(1)
    expect(sureness?.confidence).toBeCloseTo(0.8)
  })

  it('is nothing where nothing was proposed', () => {
    expect(surenessOf({}, [], '')).toBeNull()
  })
})

describe('whyOf', () => {
  it('names the doubtful structures before the numbering', () => {
    const sureness = surenessOf(body, segments, '')
    expect(sureness && whyOf(sureness)).toBe('Unsure at L5')
    expect(sureness && whyOf({ ...sureness, doubtful: 0 })).toBe('counted without C2')
  })
})
