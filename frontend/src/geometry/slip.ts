/** Slip of one vertebra on the next: the twin of `annotation/geometry/slip.py`. */

const MEYERDING = [
  [5, '0'],
  [25, 'I'],
  [50, 'II'],
  [75, 'III'],
  [100, 'IV'],
] as const

export interface Slip {
  /** In the unit of the points, positive to the front. */
  readonly length: number
  readonly percent: number
  readonly grade: string
  readonly direction: 'none' | 'anterolisthesis' | 'retrolisthesis'
}

/** Meyerding 1932: 0 below what the placing of points can tell, I to IV by quarters of the endplate, V beyond its end. */
export const meyerding = (percent: number): string => MEYERDING.find(([limit]) => Math.abs(percent) <= limit)?.[1] ?? 'V'

/** How far a posterior corner has slipped along the upper endplate of the body below; throws when that plate has no length. */
export const slipOf = (upperPosterior: readonly number[], lowerPosterior: readonly number[], lowerAnterior: readonly number[]): Slip => {
  const along = lowerAnterior.map((front, i) => front - (lowerPosterior[i] ?? 0))
  const size = Math.hypot(...along)
  if (!size) throw new RangeError('The lower endplate needs a length.')
  const length = upperPosterior.reduce((sum, corner, i) => sum + (corner - (lowerPosterior[i] ?? 0)) * (along[i] ?? 0), 0) / size
  const percent = (100 * length) / size
  const grade = meyerding(percent)
  return { length, percent, grade, direction: grade === '0' ? 'none' : length > 0 ? 'anterolisthesis' : 'retrolisthesis' }
}
