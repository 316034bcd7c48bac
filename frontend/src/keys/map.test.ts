import { describe, expect, it } from 'vitest'
import { ACTION_IDS, ACTIONS, actionFor, clashOf, keysOf } from './map'

describe('the key map', () => {
  it('has no clash as delivered', () => {
    const clashes = ACTION_IDS.flatMap((id) => keysOf(id).map((chord) => [id, chord, clashOf(id, chord)] as const)).filter(([, , other]) => other !== null)
    expect(clashes).toEqual([])
  })

  it('gives every action a label', () => {
    expect(ACTION_IDS.filter((id) => ACTIONS[id].label === '')).toEqual([])
  })

  it('asks the narrowest scope first', () => {
    expect(actionFor('Enter', ['worklist', 'list', 'everywhere'])).toBe('worklist.start')
    expect(actionFor('Enter', ['read', 'everywhere'])).toBe('read.accept')
  })

  it('hears a remapped key and no longer the old one', () => {
    const remap = { 'read.tool.brush': ['Z'] }
    expect(actionFor('Z', ['read'], remap)).toBe('read.tool.brush')
    expect(actionFor('B', ['read'], remap)).toBeNull()
  })

  it('gives digits to the grade that is asked for, else to a window', () => {
    expect(actionFor('1', ['grading', 'read'])).toBe('read.grade.1')
    expect(actionFor('1', ['read'])).toBe('read.window.1')
    expect(clashOf('read.grade.1', 'B')).toBe('read.tool.brush')
    expect(clashOf('read.tool.brush', '0')).toBe('read.grade.0')
  })

  it('names the action that already has a key where both would be heard', () => {
    expect(clashOf('read.tool.brush', 'E')).toBe('read.tool.erase')
    expect(clashOf('read.tool.brush', '?')).toBe('help')
    expect(clashOf('worklist.open', 'J')).toBe('list.next')
    expect(clashOf('read.tool.brush', 'F8')).toBeNull()
  })
})
