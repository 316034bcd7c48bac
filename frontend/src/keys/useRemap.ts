import { useSyncExternalStore } from 'react'
import { currentRemap, onRemap } from './listener'
import type { Remap } from './map'

/** The chords in force; renders again when they change. */
export function useRemap(): Remap {
  return useSyncExternalStore(onRemap, currentRemap)
}
