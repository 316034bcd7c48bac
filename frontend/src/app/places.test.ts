import { describe, expect, it } from 'vitest'
import { homeOf } from './places'

describe('where somebody arrives', () => {
  it.each([
    ['a radiologist', ['image.view', 'case.label', 'model.view', 'dataset.view'], '/worklist'],
    ['a researcher, who may look at models, among the datasets', ['model.view', 'dataset.view', 'dataset.pull'], '/datasets'],
    ['an operator at the sources', ['intake.view', 'source.manage', 'model.view', 'job.view'], '/intake'],
    ['a board member, who has nothing to press, where a page opens', ['dataset.view'], '/datasets'],
    ['somebody without a role', [], '/projects'],
  ])('brings %s', (_, abilities, page) => {
    expect(homeOf(abilities)).toBe(page)
  })
})
