/** How a measurement reads: on the picture, in the list, and copied into a report. */
import type { Measurement, MeasuredValue } from '@/geometry/measurement'
import { DEFINITIONS } from '@/geometry/measurement'
import type { Ladder } from '@/geometry/numbering'
import { REASONS, SOURCE_WORDS } from '@/geometry/placing'
import { nameOf } from '@/state/structure'

const UNITS: Readonly<Record<string, string>> = { deg: '°', mm: ' mm', mm2: ' mm²', '%': ' %' }
const LABELS: Readonly<Record<string, string>> = { TK_T4_T12: 'TK', meyerding: 'Meyerding', lordosis: 'Lordosis' }

/** "32.4°", "12.3 mm", "left", or a dash where there is none. */
export const valueText = ({ value, unit }: MeasuredValue, name = ''): string => {
  if (value === null) return '–'
  if (typeof value === 'string') return value
  // a lordosis below zero is called a kyphosis, and that is above it
  return `${(name === 'lordosis' ? Math.abs(value) : value).toFixed(1)}${UNITS[unit ?? ''] ?? ''}`
}

const text = (value: MeasuredValue | undefined): string => (value ? valueText(value) : '–')

export const labelText = (name: string, value?: MeasuredValue): string => (name === 'lordosis' && Number(value?.value ?? 0) < 0 ? 'Kyphosis' : (LABELS[name] ?? name))

/** The levels it hangs on: by the ladder where there is one, so that renumbering renames them. */
export const levelsOf = (item: Measurement, ladder: Ladder): string[] =>
  item.bodies?.length ? item.bodies.map((id) => nameOf(ladder.bodies.find((body) => body.id === id)?.name ?? '?')) : (item.levels ?? []).map((name) => nameOf(name))

export const titleOf = (item: Measurement, ladder: Ladder): string => {
  const levels = levelsOf(item, ladder)
  const isKyphosis = item.definition === 'sagittal_angle' && Number(item.values['lordosis']?.value ?? 0) < 0
  const word = item.definition === 'sagittal_angle' ? (isKyphosis ? 'Kyphosis' : 'Lordosis') : item.definition === 'cobb' ? 'Cobb' : DEFINITIONS[item.definition].title
  return [word, levels.length ? levels.join('–') : '', item.curve ?? ''].filter((part) => part !== '').join(' ')
}

/** The one number that stands beside it on the picture. */
export const mainText = (item: Measurement): string => {
  const { values } = item
  if (item.definition === 'listhesis') return `${text(values['length'])} · ${text(values['percent'])} · Meyerding ${String(values['meyerding']?.value)}`
  if (item.definition === 'sagittal_angle') return `${Math.abs(Number(values['lordosis']?.value ?? 0)).toFixed(1)}°`
  if (item.definition === 'sagittal_balance') return balanceLines(item).join('  ')
  const [first] = Object.values(values)
  return first ? (first.value === null ? (REASONS[first.reason ?? ''] ?? '–') : valueText(first)) : ''
}

export const balanceLines = (item: Measurement): string[] => Object.entries(item.values).map(([name, value]) => `${labelText(name)} ${valueText(value)}`)

/** Why a value is blank, once for each reason. */
export const reasonsOf = (item: Measurement): string[] => [...new Set(Object.values(item.values).flatMap(({ reason }) => (reason ? [REASONS[reason] ?? reason] : [])))]

/** PI = PT + SS within a degree: false says that points lie wrong. */
export const isPelvisConsistent = (item: Measurement): boolean | null => {
  const [pi, pt, ss] = ['PI', 'PT', 'SS'].map((name) => item.values[name]?.value)
  if (typeof pi !== 'number' || typeof pt !== 'number' || typeof ss !== 'number') return null
  return Math.abs(pi - pt - ss) <= 1
}

/** One line per measurement, with unit and calibration, for a report. */
export const reportText = (items: readonly Measurement[], ladder: Ladder): string =>
  items
    .map((item) => {
      const values = Object.entries(item.values).map(([name, value]) => (value.value === null ? `${labelText(name)} not given (${REASONS[value.reason ?? ''] ?? 'unknown'})` : `${labelText(name, value)} ${valueText(value, name)}`))
      return `${titleOf(item, ladder)}: ${values.join(', ')}. ${SOURCE_WORDS[item.calibration.source]}.${item.status === 'proposed' ? ' Proposed, not confirmed.' : ''}`
    })
    .join('\n')
