import { describe, expect, it } from 'vitest'
import type { StackManifest } from '@/geometry/stack'
import type { Segment } from '@/state/annotation'
import { surenessOf } from './doubts'

const segments: Segment[] = [
  { id: 3, layer: 'instances', structure: 'L5', status: 'proposed' },
  { id: 4, layer: 'instances', structure: 'L4', status: 'proposed' },
]
const manifests = [{ stack: 's', slices: [{ key: 'a:1' }, { key: 'b:1' }] }] as unknown as StackManifest[]
const json = {
  stacks: {
    s: {
      layers: { instances: { 3: { mean: 0.42, level: 'doubtful', slices: { 'a:1': 0.3, 'b:1': 0.5 } }, 4: { mean: 0.05, level: 'sure', slices: { 'a:1': 0.05 }, flags: ['two islands'] } } },
      numbering: { sure: false, reason: 'the sacrum is not in view' },
    },
    gone: { layers: { instances: { 3: { mean: 0.9, level: 'doubtful', slices: {} } } } },
  },
  doubts: [
    { layer: 'instances', id: 3, stack: 's', slice: 'b:1', entropy: 0.42, peak: 0.5, confidence: 0.58, flags: [] },
    { layer: 'instances', id: 4, stack: 's', slice: 'a:1', entropy: 0.05, peak: 0.05, confidence: 0.95, flags: ['two islands'] },
    { layer: 'instances', id: 7, stack: 's', slice: 'a:1', entropy: 0.5, peak: 0.5, confidence: 0.5, flags: [] },
  ],
}

describe('what the model was unsure of', () => {
  it('is what the server lists, each with the slice where it is worst; what is not in the reading is left out', () => {
    const { doubts } = surenessOf(json, segments, manifests)
    expect(doubts.map((doubt) => [doubt.id, doubt.slice])).toEqual([
      [3, 1],
      [4, 0],
    ])
    expect(doubts[0]?.reasons[0]).toBe('entropy 0.42, highest on slice 2 (0.50)')
    expect(doubts[1]?.reasons).toContain('two islands')
  })

  it('names the series that a rule speaks of, unless all of them say the same', () => {
    const flagged = (...flags: string[]) => ({ layers: { instances: { 4: { flags } } } })
    const two = ['s', 't'].map((stack) => ({ stack, description: `T2 ${stack}`, modality: 'MR', slices: [] })) as unknown as StackManifest[]
    const doubts = [{ layer: 'instances', id: 4, stack: 's', slice: null, confidence: 1, flags: ['touches the image border', 'two islands', '3 islands'] }]
    const told = { stacks: { s: flagged('touches the image border', 'two islands'), t: flagged('touches the image border', '3 islands') }, doubts }
    expect(surenessOf(told, segments, two).doubts[0]?.reasons).toEqual(['touches the image border', 'two islands (T2 s)', '3 islands (T2 t)'])
  })

  it('says why a grade is proposed', () => {
    const grades = { genant: { b4: { value: '3', confidence: 0.7, reason: 'a wedge', figures: {} } } }
    expect(surenessOf({ grades }, segments, manifests).grades.get('genant b4')).toEqual({ value: '3', confidence: 0.7, reason: 'a wedge' })
  })

  it('gives the strip the highest entropy of each slice', () => {
    expect(surenessOf(json, segments, manifests).entropy.get('s')).toEqual([0.3, 0.5])
  })

  it('is nothing where nothing is said', () => {
    expect(surenessOf(null, segments, manifests).doubts).toEqual([])
    expect(surenessOf({ stacks: { s: { layers: { instances: { 9: { mean: 1 } } } } } }, segments, manifests).doubts).toEqual([])
  })
})
