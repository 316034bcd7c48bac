/** What a person likes, on this machine: keys, density. Holds no identity and nothing of a patient, so it may stay in the browser. */
import type { Remap } from '@/keys/map'

export interface Preferences {
  readonly keys: Remap
  readonly density: 'clinical' | 'touch'
  readonly project: string
}

const PLACE = 'columna.preferences'
// a finger needs more room than a mouse, until the person says otherwise
const isTouched = typeof window !== 'undefined' && typeof window.matchMedia === 'function' && window.matchMedia('(pointer: coarse)').matches
const DEFAULTS: Preferences = { keys: {}, density: isTouched ? 'touch' : 'clinical', project: '' }
const listeners = new Set<() => void>()
let current: Preferences | null = null

export function preferences(): Preferences {
  current ??= read()
  return current
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...preferences(), ...change }
  try {
    localStorage.setItem(PLACE, JSON.stringify(current))
  } catch {
    // a full or forbidden store: the choice lasts as long as the page
  }
  listeners.forEach((listener) => listener())
}

export function onPreferences(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function read(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(PLACE) ?? '{}')
    return typeof stored === 'object' && stored !== null ? { ...DEFAULTS, ...stored } : DEFAULTS
  } catch {
    return DEFAULTS
  }
}
