import { describe, expect, it } from 'vitest'
import { caps, chordOf, type KeyPress } from './chord'

const press = (key: string, code = '', modifiers: Partial<KeyPress> = {}): KeyPress => ({ key, code, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers })

describe('chordOf', () => {
  it('names letters in upper case and Shift only where it is its own key', () => {
    expect(chordOf(press('n', 'KeyN'))).toBe('N')
    expect(chordOf(press('N', 'KeyN', { shiftKey: true }))).toBe('Shift+N')
    expect(chordOf(press('?', 'Slash', { shiftKey: true }))).toBe('?')
    expect(chordOf(press('{', 'BracketLeft', { shiftKey: true }))).toBe('Shift+[')
    expect(chordOf(press('!', 'Digit1', { shiftKey: true }))).toBe('Shift+1')
  })

  it('hears the command key of a Mac as Ctrl and AltGr as no modifier at all', () => {
    expect(chordOf(press('Enter', 'Enter', { metaKey: true }))).toBe('Ctrl+Enter')
    expect(chordOf(press('[', 'Digit8', { ctrlKey: true, altKey: true, getModifierState: (key) => key === 'AltGraph' }))).toBe('[')
  })

  it('finds the letters of the map on a keyboard of another script', () => {
    expect(chordOf(press('т', 'KeyN'))).toBe('N')
  })

  it('finds digits and brackets where a French or German keyboard has other signs', () => {
    expect(chordOf(press('&', 'Digit1'))).toBe('1')
    expect(chordOf(press('à', 'Digit0'))).toBe('0')
    expect(chordOf(press('ü', 'BracketLeft'))).toBe('[')
    expect(chordOf(press('Ü', 'BracketLeft', { shiftKey: true }))).toBe('Shift+[')
    expect(chordOf(press('Dead', 'BracketLeft'))).toBe('[')
    expect(chordOf(press('$', 'BracketRight'))).toBe(']')
    expect(chordOf(press('+', 'BracketRight'))).toBe('+')
    expect(chordOf(press('-', 'Digit6'))).toBe('-')
    expect(chordOf(press('z', 'KeyY', { ctrlKey: true }))).toBe('Ctrl+Z')
  })

  it('is silent for a modifier alone', () => {
    expect(chordOf(press('Shift', 'ShiftLeft', { shiftKey: true }))).toBeNull()
  })
})

describe('caps', () => {
  it('draws plus as a key of its own', () => {
    expect(caps('+')).toEqual(['+'])
    expect(caps('Ctrl++')).toEqual(['Ctrl', '+'])
    expect(caps('Ctrl+Shift+Z')).toEqual(['Ctrl', 'Shift', 'Z'])
  })
})
