import { describe, expect, it } from 'vitest'
import { History, HISTORY_DEPTH } from './history'

describe('what can be taken back', () => {
  it('is every one of 300 acts, last first, and all of them can be done again', () => {
    const history = new History<number>()
    for (let act = 0; act < 300; act += 1) history.push(act)
    expect(history.undoable).toBe(300)
    const undone = Array.from({ length: 300 }, () => history.undo((act) => act))
    expect(undone).toEqual(Array.from({ length: 300 }, (_, i) => 299 - i))
    expect([history.undoable, history.redoable]).toEqual([0, 300])
    for (let act = 0; act < 300; act += 1) expect(history.redo((each) => each)).toBe(act)
  })

  it('goes 500 deep, and ends at what was done anew', () => {
    const history = new History<number>()
    for (let act = 0; act < HISTORY_DEPTH + 20; act += 1) history.push(act)
    expect(history.undoable).toBe(500)
    history.undo((act) => act)
    history.push(-1)
    expect(history.redoable).toBe(0)
  })
})
