/** Which points a measurement asks for, in which order, and what it is measured in where a picture gives no millimetres. */
import type { MeasureFrame } from './lines'
import type { CalibrationSource, DefinitionId } from './measurement'
import type { StackManifest } from './stack'

export interface Landmark {
  readonly name: string
  /** What the reader is asked to point at. */
  readonly words: string
}

const mark = (name: string, words: string): Landmark => ({ name, words })
const rim = (hip: string, words: string): Landmark[] => [1, 2, 3].map((number) => mark(`${hip}_${number}`, `${words}, point ${number} of 3 on its rim`))
const plate = (level: string, words: string): Landmark[] => [mark(`${level}_posterior`, `${words}, posterior end`), mark(`${level}_anterior`, `${words}, anterior end`)]

/** Points in the order in which they are asked for; `area` takes any number. */
export const LANDMARKS: Readonly<Record<DefinitionId, readonly Landmark[]>> = {
  length: [mark('a', 'one end'), mark('b', 'the other end')],
  angle: [mark('a', 'end of one arm'), mark('vertex', 'where the arms meet'), mark('b', 'end of the other arm')],
  area: [],
  cobb: [mark('upper_1', 'upper endplate of the upper end vertebra, one end'), mark('upper_2', 'its other end'), mark('lower_1', 'lower endplate of the lower end vertebra, one end'), mark('lower_2', 'its other end')],
  sagittal_angle: [...plate('upper', 'upper endplate'), ...plate('lower', 'lower endplate')],
  listhesis: [mark('upper_posterior', 'lower posterior corner of the upper vertebra'), mark('lower_posterior', 'upper endplate of the vertebra below, posterior end'), mark('lower_anterior', 'its anterior end')],
  sagittal_balance: [
    ...rim('hip_one', 'first femoral head'),
    ...rim('hip_two', 'second femoral head'),
    ...plate('s1', 'upper endplate of S1'),
    ...plate('l1', 'upper endplate of L1'),
    ...plate('t12', 'lower endplate of T12'),
    ...plate('t4', 'upper endplate of T4'),
    mark('c7', 'middle of C7'),
  ],
}

/** The eight landmarks of sagittal balance as a reader speaks of them, each with the points it is made of. */
export const BALANCE_MARKS: readonly { readonly label: string; readonly points: readonly string[] }[] = [
  { label: 'Femoral head 1', points: ['hip_one_1', 'hip_one_2', 'hip_one_3'] },
  { label: 'Femoral head 2', points: ['hip_two_1', 'hip_two_2', 'hip_two_3'] },
  { label: 'S1 plate', points: ['s1_posterior', 's1_anterior'] },
  { label: 'L1 upper plate', points: ['l1_posterior', 'l1_anterior'] },
  { label: 'T12 lower plate', points: ['t12_posterior', 't12_anterior'] },
  { label: 'T4 upper plate', points: ['t4_posterior', 't4_anterior'] },
  { label: 'C7', points: ['c7'] },
]

const ATTRIBUTES: Readonly<Record<string, CalibrationSource>> = { PixelSpacing: 'pixel_spacing', ImagerPixelSpacing: 'imager_pixel_spacing', NominalScannedPixelSpacing: 'imager_pixel_spacing' }

export interface Ground {
  readonly frame: MeasureFrame
  readonly source: CalibrationSource
}

/**
 * In what a point is measured that was put at (column, row) of a slice. An ultrasound picture is measured inside its calibrated regions
 * only; a film without spacing in pixels, for angles alone.
 */
export const groundOf = (manifest: StackManifest, isInPatient: boolean, column: number, row: number): Ground | { readonly refused: string } => {
  if (isInPatient) return { frame: { kind: 'patient' }, source: 'geometry' }
  const forward = manifest.patientOrientation?.[0]?.startsWith('R') || manifest.patientOrientation?.[0]?.startsWith('P') ? -1 : 1
  if (manifest.modality === 'US' || manifest.modality === 'IVUS') {
    const region = manifest.regions?.find(({ box: [left, top, right, bottom] }) => column >= left && column <= right && row >= top && row <= bottom)
    return region ? { frame: { kind: 'image', spacing: region.spacing, forward }, source: 'us_region' } : { refused: 'Outside the calibrated regions of this ultrasound picture nothing is measured.' }
  }
  const [rows, columns] = manifest.pixelSpacing ?? []
  if (!rows || !columns) return { frame: { kind: 'image', spacing: null, forward }, source: 'none' }
  return { frame: { kind: 'image', spacing: [rows, columns], forward }, source: ATTRIBUTES[manifest.pixelSpacingSource ?? ''] ?? 'pixel_spacing' }
}

/** On a lateral film the landmarks themselves say which way is the front: from the posterior to the anterior end of a plate. */
export const facing = (definition: DefinitionId, frame: MeasureFrame, points: Readonly<Record<string, readonly number[]>>): MeasureFrame => {
  if (frame.kind === 'patient' || definition === 'cobb') return frame
  const plates = [
    ['s1_posterior', 's1_anterior'],
    ['lower_posterior', 'lower_anterior'],
  ] as const
  for (const [back, front] of plates) {
    const [from, to] = [points[back]?.[0], points[front]?.[0]]
    if (from !== undefined && to !== undefined && from !== to) return { ...frame, forward: to > from ? 1 : -1 }
  }
  return frame
}

export const SOURCE_WORDS: Readonly<Record<CalibrationSource, string>> = {
  geometry: 'mm from the volume’s geometry',
  pixel_spacing: 'mm by PixelSpacing',
  imager_pixel_spacing: 'ImagerPixelSpacing only: at the detector',
  us_region: 'mm by the ultrasound region',
  magnification: 'mm by a known magnification',
  manual: 'mm by hand',
  none: 'not calibrated',
}

export const REASONS: Readonly<Record<string, string>> = {
  uncalibrated: 'no mm: the picture has no pixel spacing',
  no_magnification: 'no mm: spacing is known at the detector only, the magnification is not',
}
