/** What a structure is called, where it stands along the spine, and its colour: the same in lists, ladder and images. */
import type { Structure } from './annotation'

const CHAIN = [
  ...['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'],
  ...['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11', 'T12', 'T13'],
  ...['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'SAC', 'S2', 'S3', 'S4', 'S5', 'COC'],
] as const

const place = new Map<string, number>(CHAIN.map((code, i) => [code, i]))
const DISC = /^IVD_(.+)$/
const NAMES: Readonly<Record<string, string>> = { SAC: 'Sacrum', COC: 'Coccyx', CORD: 'Cord', CANAL: 'Canal', THECAL: 'Thecal sac', IMP: 'Implant', SCREW: 'Screw', CAGE: 'Cage' }
// what lies below a vertebra when the next one of the chain is a variant that this spine does not have
const BELOW: Readonly<Record<string, string>> = { T12: 'L1', L5: 'S1', L6: 'S1', T13: 'L1' }

/** "L4", "L4/5", "T12/L1", "Canal". */
export const nameOf = (code: string, structures: ReadonlyMap<string, Structure> = new Map()): string => {
  const disc = DISC.exec(code)?.[1]
  if (disc !== undefined) {
    const below = BELOW[disc] ?? CHAIN[(place.get(disc) ?? -1) + 1] ?? ''
    return `${disc}/${below[0] === disc[0] ? below.slice(1) : below}`
  }
  return NAMES[code] ?? (place.has(code) ? code : (structures.get(code)?.name ?? code))
}

/** From head to feet, a disc right below its vertebra; what has no level comes last. */
export const orderOf = (code: string): number => {
  const disc = DISC.exec(code)?.[1]
  if (disc !== undefined) return (place.get(disc) ?? 90) + 0.5
  return place.get(code) ?? 100
}

/** The vertebra one place towards the feet (1) or the head (-1) along a spine without variants; null for anything else. */
export const neighbourOf = (code: string, by: 1 | -1): string | null => {
  const usual = CHAIN.filter((each) => each !== 'T13' && each !== 'L6')
  const at = usual.indexOf(code as (typeof usual)[number])
  return at === -1 ? null : (usual[at + by] ?? null)
}

export const isVertebra = (code: string): boolean => place.has(code)

// Okabe–Ito, moved until all lie 20 ΔE*ab apart for every kind of eye: the values of the design tokens, for canvases that cannot read them.
export const PALETTE = {
  odd: '#63c5fd',
  even: '#de970d',
  turn: '#ebeaea',
  disc: '#1a9e6c',
  canal: '#f1dd0a',
  cord: '#b874a3',
  sacrum: '#d1622f',
  nerve: '#6275c1',
  other: '#9aa2aa',
} as const

/** Neighbouring vertebrae differ for every kind of colour vision; meaning never hangs on it alone, the name is beside it. */
export const colourOf = (code: string, category = ''): string => {
  if (DISC.test(code)) return PALETTE.disc
  const at = place.get(code)
  if (at !== undefined) {
    if (at >= (place.get('SAC') ?? 0)) return PALETTE.sacrum
    // L1 follows on T11, T12 or T13, as the spine has it: T12 stands out of the cycle, so that neighbours differ in all of them
    if (code === 'T12') return PALETTE.turn
    return at % 2 ? PALETTE.odd : PALETTE.even
  }
  if (code === 'CANAL' || code === 'THECAL') return PALETTE.canal
  if (code === 'CORD') return PALETTE.cord
  if (category === 'nerve_root' || category === 'foramen') return PALETTE.nerve
  return PALETTE.other
}
