import type { StackManifest } from '@/geometry/stack'
import type { Window } from './pane'

export interface WindowPreset extends Window {
  readonly label: string
}

/** Preset by number key: as many as there are keys. */
export const MOST_PRESETS = 6

const CT: readonly WindowPreset[] = [
  { label: 'Bone', center: 400, width: 2000 },
  { label: 'Soft tissue', center: 40, width: 400 },
  { label: 'Disc', center: 60, width: 220 },
  { label: 'Metal', center: 1500, width: 6000 },
]

/** Shares of the pixels that are not air, from which on it is black, and up to which it is not yet white. */
type Share = readonly [label: string, low: number, high: number]

const SHARES: Readonly<Record<string, readonly Share[]>> = {
  t2: [['T2 overview', 0.02, 0.995], ['T2 discs', 0.1, 0.97], ['T2 canal and fluid', 0.4, 0.999]],
  t1: [['T1 overview', 0.02, 0.995], ['T1 marrow', 0.2, 0.98], ['T1 fat and foramina', 0.4, 0.999]],
  stir: [['STIR overview', 0.02, 0.998], ['STIR oedema', 0.5, 0.999], ['STIR bone', 0.02, 0.9]],
  mr: [['Overview', 0.02, 0.995], ['More contrast', 0.1, 0.97], ['Bright parts', 0.4, 0.999]],
  film: [['Film overview', 0.01, 0.995], ['Dense bone', 0.4, 0.999], ['Soft tissue', 0.005, 0.7]],
  other: [['Overview', 0.01, 0.999], ['Dark parts', 0.01, 0.9]],
}

const kindOf = ({ modality, description = '' }: Pick<StackManifest, 'modality' | 'description'>): keyof typeof SHARES => {
  if (['CR', 'DX', 'RF', 'XA'].includes(modality)) return 'film'
  if (modality !== 'MR') return 'other'
  if (/stir|tirm|\bfs\b|fat ?sat|dixon.*w/i.test(description)) return 'stir'
  if (/t2/i.test(description)) return 't2'
  return /t1/i.test(description) ? 't1' : 'mr'
}

/**
 * Presets of a stack, the first one shown when it opens. CT has fixed ones in HU; MR has no unit, so each sequence has shares of its
 * own values (`sample`, sorted), as films have; what the file says comes first there, last on CT.
 */
export const presetsOf = (manifest: StackManifest, sample: readonly number[] | null): WindowPreset[] => {
  const own = manifest.windows.filter((window) => window.width > 0).map((window, i) => ({ center: window.center, width: window.width, label: window.label ?? (i ? `File ${i + 1}` : 'File') }))
  if (manifest.modality === 'CT') return unique([...CT, ...own])
  const shares = (SHARES[kindOf(manifest)] ?? []).flatMap(([label, low, high]) => {
    const window = sample && windowBetween(sample, low, high)
    return window ? [{ label, ...window }] : []
  })
  return unique([...own.slice(0, 1), ...shares, ...own.slice(1)])
}

const unique = (presets: readonly WindowPreset[]): WindowPreset[] => presets.filter((preset, i) => presets.findIndex(({ label }) => label === preset.label) === i)

/** The preset that a task is read with, where its modality has one. */
export const presetOfTask = (task: string, modality: string): string | null => {
  if (modality !== 'CT') return null
  return /stenosis|discs/i.test(task) ? 'Disc' : 'Bone'
}

/** At most 20 000 values of a picture that are not air, from low to high. */
export const sampleOf = (pixels: ArrayLike<number>): number[] => {
  const step = Math.max(1, Math.floor(pixels.length / 20_000))
  const sample: number[] = []
  for (let at = 0; at < pixels.length; at += step) sample.push(pixels[at]!)
  sample.sort((a, b) => a - b)
  const floor = sample[0] ?? 0
  return sample.filter((value) => value > floor)
}

/** The window from the share `low` of a sorted sample to the share `high`; null when nothing lies between them. */
export const windowBetween = (sample: readonly number[], low: number, high: number): Window | null => {
  const from = sample[Math.floor(sample.length * low)]
  const to = sample[Math.floor(sample.length * high)]
  return from === undefined || to === undefined || to <= from ? null : { center: (from + to) / 2, width: to - from }
}
