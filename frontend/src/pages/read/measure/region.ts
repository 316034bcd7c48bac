/** On ultrasound millimetres are known inside calibrated regions alone, and each region has its own. */
import { groundOf, type Ground } from '@/geometry/placing'
import type { StackManifest } from '@/geometry/stack'

type Point = readonly number[]

const regionAt = (manifest: StackManifest, [column = -1, row = -1]: Point) => manifest.regions?.find(({ box: [left, top, right, bottom] }) => column >= left && column <= right && row >= top && row <= bottom)

/** Why points (column, row) of one measurement may not stand where they are; empty where they may: all of them lie in one region. */
export const whyOutside = (manifest: StackManifest | undefined, source: Ground['source'], points: readonly Point[]): string => {
  const [first] = points
  if (source !== 'us_region' || !manifest || !first) return ''
  const outside = points.find((point) => !regionAt(manifest, point))
  if (outside) {
    const ground = groundOf(manifest, false, outside[0] ?? -1, outside[1] ?? -1)
    return 'refused' in ground ? ground.refused : ''
  }
  return points.every((point) => regionAt(manifest, point) === regionAt(manifest, first)) ? '' : 'This is another region with another scale.'
}
