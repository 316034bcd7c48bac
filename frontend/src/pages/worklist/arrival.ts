import type { Case } from '@/api/types'
import { count, plural } from '@/components/format'

/** How far a study has come: "Still arriving: 14 of 30 images", "Complete: 30 images". */
export function arrivalWords({ state, received, expected }: Case['arrival']): string {
  const images = plural(received, 'image')
  if (state === 'arriving') return expected !== null && expected > received ? `Still arriving: ${count(received)} of ${plural(expected, 'image')}` : `Still arriving: ${images} so far`
  return state === 'short' ? `Incomplete: ${count(received)} of ${plural(expected ?? received, 'image')} came` : `Complete: ${images}`
}
