import { describe, expect, it } from 'vitest'
import { Labelmap, LabelmapEdit } from '@/geometry/labelmap'
import { applyPrompt } from './prompts'

describe('an answer to a click', () => {
  it('changes the segment inside its box, and nothing else', () => {
    const labelmap = new Labelmap(2, 4, 4)
    const before = new LabelmapEdit(labelmap)
    before.set(1, 0, 3) // outside the box
    before.set(1, 5, 3) // inside, no longer wanted
    before.set(1, 6, 9) // another structure, wanted by the answer
    before.finish()
    const edit = new LabelmapEdit(labelmap)
    // a box of 2 × 2 at row 1, column 1; bits 0 1 / 1 1
    applyPrompt(edit, 3, { start: [1, 1, 1], shape: [1, 2, 2], bits: btoa(String.fromCharCode(0b01110000)), voxels: 3, engine: 'e', milliseconds: 1 })
    edit.finish()
    expect([...labelmap.slice(1)]).toEqual([3, 0, 0, 0, 0, 0, 9, 0, 0, 3, 3, 0, 0, 0, 0, 0])
  })
})
