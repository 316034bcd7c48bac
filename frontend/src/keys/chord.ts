/** What a key press is called: "Ctrl+Enter", "Shift+N", "j", "?". The same word is on the key cap, in the map and in the listener. */

const NAMED: Readonly<Record<string, string>> = { ' ': 'Space', Esc: 'Escape', Del: 'Delete', Left: 'ArrowLeft', Right: 'ArrowRight', Up: 'ArrowUp', Down: 'ArrowDown' }
const BRACKETS: Readonly<Record<string, string>> = { BracketLeft: '[', BracketRight: ']' }
const CAPS: Readonly<Record<string, string>> = { Escape: 'Esc', Backspace: '⌫', ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', PageUp: 'PgUp', PageDown: 'PgDn' }

/** Signs that actions have, and so mean themselves wherever they are; a digit's own row says its digit else. */
const SIGNS = /^[[\]+\-/?.,]$/

export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'> & { getModifierState?: (key: string) => boolean }

/** Return the chord of a key press, or null for a bare modifier. Letters are upper case; Shift is named only where it does not already change the sign. */
export function chordOf(press: KeyPress): string | null {
  if (['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock', 'Process', 'Unidentified'].includes(press.key)) return null
  if (press.key === 'Dead' && BRACKETS[press.code] === undefined) return null
  const altGraph = press.getModifierState?.('AltGraph') ?? false
  const key = keyName(press)
  const shows = key.length > 1 || /[\p{L}\d[\]]/u.test(key)
  const parts: string[] = []
  if ((press.ctrlKey || press.metaKey) && !altGraph) parts.push('Ctrl')
  if (press.altKey && !altGraph) parts.push('Alt')
  if (press.shiftKey && shows) parts.push('Shift')
  return [...parts, key].join('+')
}

function keyName({ key, code, shiftKey }: KeyPress): string {
  const digit = /^Digit(\d)$/.exec(code)?.[1]
  if (digit !== undefined && (shiftKey || !SIGNS.test(key)) && !/[?/]/.test(key)) return digit
  // where the brackets of the map are, other keyboards have a letter or an accent
  const bracket = BRACKETS[code]
  if (bracket !== undefined && !SIGNS.test(key)) return bracket
  if (NAMED[key] !== undefined) return NAMED[key]
  if (key.length > 1) return key
  // a keyboard of another script still has its letters where the map expects them
  const letter = /^Key([A-Z])$/.exec(code)?.[1]
  if (letter !== undefined && !/[a-z]/i.test(key)) return letter
  return key.toUpperCase()
}

/** Return the key caps to draw for a chord: "Ctrl+Shift+Z" gives Ctrl, Shift, Z. */
export function caps(chord: string): string[] {
  const parts = chord === '+' ? ['+'] : chord.endsWith('++') ? [...chord.slice(0, -2).split('+'), '+'] : chord.split('+')
  return parts.map((part) => CAPS[part] ?? part)
}
