import type { StackManifest } from '@/geometry/stack'
import type { Window } from './pane'

export interface WindowPreset extends Window {
  readonly label: string
}

const CT: readonly WindowPreset[] = [
  { label: 'Bone', center: 400, width: 2000 },
  { label: 'Soft tissue', center: 40, width: 400 },
  { label: 'Disc', center: 60, width: 220 },
  { label: 'Metal', center: 1500, width: 6000 },
]

/** Presets of a stack, the first one shown when it opens: what the file says, then what its modality is read with. */
export const presetsOf = (manifest: StackManifest, measured: Window | null): WindowPreset[] => {
  const own = manifest.windows.filter((window) => window.width > 0).map((window, i) => ({ center: window.center, width: window.width, label: window.label ?? (i ? `File ${i + 1}` : 'File') }))
  if (manifest.modality === 'CT') return [...CT, ...own]
  const base = measured ?? own[0]
  if (!base) return own
  const varied = [
    { label: 'Measured', ...base },
    { label: 'Brighter', center: base.center * 0.75, width: base.width * 0.75 },
    { label: 'Flatter', center: base.center * 1.15, width: base.width * 1.5 },
  ]
  return own.length ? [...own, ...varied] : varied
}

/** A window that spans all but the darkest 2 and brightest 0.5 per cent of the pixels that are not air. */
export const measureWindow = (pixels: ArrayLike<number>): Window | null => {
  const step = Math.max(1, Math.floor(pixels.length / 20_000))
  const sample: number[] = []
  for (let at = 0; at < pixels.length; at += step) sample.push(pixels[at]!)
  sample.sort((a, b) => a - b)
  const floor = sample[0] ?? 0
  const shown = sample.filter((value) => value > floor)
  const low = shown[Math.floor(shown.length * 0.02)]
  const high = shown[Math.floor(shown.length * 0.995)]
  return low === undefined || high === undefined || high <= low ? null : { center: (low + high) / 2, width: high - low }
}
