import { describe, expect, it } from 'vitest'
import { EMPTY, mappingOf } from './mapping'

describe('mappingOf', () => {
  it('leaves out what was left empty', () => {
    expect(mappingOf(EMPTY)).toEqual({ modality: 'MR' })
  })

  it('names a preset, or takes numbers of their own', () => {
    expect(mappingOf({ ...EMPTY, masks: 'verse' })).toEqual({ modality: 'MR', values: 'verse' })
    expect(mappingOf({ ...EMPTY, masks: 'own', values: '{"1":"L5"}' })).toEqual({ modality: 'MR', values: { 1: 'L5' } })
  })

  it('says what is not right instead of sending it', () => {
    expect(mappingOf({ ...EMPTY, masks: 'own', values: '[1]' })).toMatch(/JSON object/)
    expect(mappingOf({ ...EMPTY, spacing: '1 2' })).toMatch(/three numbers/)
  })
})
