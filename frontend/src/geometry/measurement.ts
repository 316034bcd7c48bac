/**
 * Measurements: a number with its points, its definition, its unit and where its millimetres come from. The twin of
 * `annotation/geometry/measurement.py`: the server computes again what the reader saw while dragging.
 */
import { cobbAngle, convexity } from './cobb'
import { angleAt, angleInSpace, areaInSpace, areaOf, circleThrough, distance, toPlane, type MeasureFrame, type PlaneName, type PlanePoint } from './lines'
import { NORMAL, Refused, sequence } from './numbering'
import { kyphosis, lordosis, pelvisOf, t1PelvicAngle, verticalAxis } from './sagittal'
import { slipOf } from './slip'

export const SOURCES = ['geometry', 'pixel_spacing', 'imager_pixel_spacing', 'us_region', 'magnification', 'manual', 'none'] as const
/** Where the millimetres come from. ImagerPixelSpacing alone is the detector's, not the patient's: no calibration. */
export type CalibrationSource = (typeof SOURCES)[number]
const CALIBRATED: readonly CalibrationSource[] = ['geometry', 'pixel_spacing', 'us_region', 'magnification', 'manual']
export const CURVES = ['PT', 'MT', 'TL-L'] as const
const LEVELS = new Set(sequence({ ...NORMAL, thoracic: 13, lumbar: 6 }))
const MOST_POINTS = 500
const WORD = /^[A-Za-z0-9-]{1,36}$/

export type DefinitionId = 'length' | 'angle' | 'area' | 'cobb' | 'sagittal_angle' | 'listhesis' | 'sagittal_balance'
export type MeasurePoints = Readonly<Record<string, readonly number[]>> | readonly (readonly number[])[]

export interface MeasuredValue {
  readonly value: number | string | null
  readonly unit: string | null
  readonly reason?: string
}

/** A measurement as it is sent. Points are mm LPS, or [column, row] of an image. */
export interface MeasurementFields {
  readonly id: string
  readonly definition: DefinitionId
  readonly frame: MeasureFrame
  readonly points: MeasurePoints
  readonly calibration: { readonly source: CalibrationSource }
  /** Ids of the ladder's bodies it hangs on, from the head down. */
  readonly bodies?: readonly string[]
  /** Names of levels where there is no ladder. */
  readonly levels?: readonly string[]
  readonly curve?: (typeof CURVES)[number] | null
  readonly stack?: string
  readonly slice?: string
  readonly status?: 'proposed' | 'confirmed'
}

export interface Measurement extends MeasurementFields {
  readonly values: Readonly<Record<string, MeasuredValue>>
}

type Named = Readonly<Record<string, PlanePoint>>
type Found = Record<string, readonly [number, string] | string>

interface Definition {
  readonly title: string
  readonly points: readonly string[]
  readonly optional?: readonly string[]
  readonly least?: number
  readonly plane: PlaneName
  readonly compute: (at: Named, shape: readonly PlanePoint[], raw: readonly (readonly number[])[]) => Found
}

const line = (at: Named, first: string, second: string) => [at[first]!, at[second]!] as const
const has = (at: Named, ...names: string[]): boolean => names.every((name) => name in at)

const hip = (at: Named, name: string): PlanePoint | null => {
  if (has(at, name)) return at[name]!
  const rim = [1, 2, 3].map((number) => at[`${name}_${number}`])
  return rim[0] && rim[1] && rim[2] ? circleThrough(rim[0], rim[1], rim[2]).centre : null
}

const balance = (at: Named): Found => {
  const s1 = line(at, 's1_posterior', 's1_anterior')
  const found: Found = {}
  const [one, two] = [hip(at, 'hip_one'), hip(at, 'hip_two')]
  const bones = one && two ? pelvisOf(s1, [one, two]) : null
  if (bones && one && two) {
    found['PI'] = [bones.incidence, 'deg']
    found['PT'] = [bones.tilt, 'deg']
    found['SS'] = [bones.slope, 'deg']
    if (at['t1']) found['TPA'] = [t1PelvicAngle(at['t1'], s1, [one, two]), 'deg']
  }
  if (has(at, 'l1_posterior', 'l1_anterior')) {
    const value = lordosis(line(at, 'l1_posterior', 'l1_anterior'), s1)
    found['LL'] = [value, 'deg']
    if (bones) found['PI-LL'] = [bones.incidence - value, 'deg']
  }
  if (has(at, 't4_posterior', 't4_anterior', 't12_posterior', 't12_anterior')) found['TK_T4_T12'] = [kyphosis(line(at, 't4_posterior', 't4_anterior'), line(at, 't12_posterior', 't12_anterior')), 'deg']
  if (at['c7']) found['SVA'] = [verticalAxis(at['c7'], s1[0]), 'mm']
  return found
}

const HIPS = ['hip_one', 'hip_two'].flatMap((name) => ['', '_1', '_2', '_3'].map((rim) => name + rim))

export const DEFINITIONS: Readonly<Record<DefinitionId, Definition>> = {
  length: { title: 'Length', points: ['a', 'b'], plane: 'sagittal', compute: (_, __, raw) => ({ length: [distance(raw[0]!, raw[1]!), 'mm'] }) },
  angle: {
    title: 'Angle',
    points: ['a', 'vertex', 'b'],
    plane: 'sagittal',
    compute: (at, _, raw) => ({ angle: [raw[1]!.length === 3 ? angleInSpace(raw[0]!, raw[1]!, raw[2]!) : angleAt(at['a']!, at['vertex']!, at['b']!), 'deg'] }),
  },
  area: { title: 'Area', points: [], least: 3, plane: 'sagittal', compute: (_, shape, raw) => ({ area: [raw[0]!.length === 3 ? areaInSpace(raw) : areaOf(shape), 'mm2'] }) },
  cobb: {
    title: 'Cobb angle',
    points: ['upper_1', 'upper_2', 'lower_1', 'lower_2'],
    plane: 'coronal',
    compute: (at) => {
      const [upper, lower] = [line(at, 'upper_1', 'upper_2'), line(at, 'lower_1', 'lower_2')]
      return { angle: [cobbAngle(upper, lower), 'deg'], convex: convexity(upper, lower) }
    },
  },
  sagittal_angle: {
    title: 'Endplate angle from the side',
    points: ['upper_posterior', 'upper_anterior', 'lower_posterior', 'lower_anterior'],
    plane: 'sagittal',
    compute: (at) => ({ lordosis: [lordosis(line(at, 'upper_posterior', 'upper_anterior'), line(at, 'lower_posterior', 'lower_anterior')), 'deg'] }),
  },
  listhesis: {
    title: 'Slip',
    points: ['upper_posterior', 'lower_posterior', 'lower_anterior'],
    plane: 'sagittal',
    compute: (at) => {
      const found = slipOf(at['upper_posterior']!, at['lower_posterior']!, at['lower_anterior']!)
      return { length: [found.length, 'mm'], percent: [found.percent, '%'], meyerding: found.grade, direction: found.direction }
    },
  },
  sagittal_balance: {
    title: 'Sagittal balance',
    points: ['s1_posterior', 's1_anterior'],
    optional: [...HIPS, 'l1_posterior', 'l1_anterior', 't4_posterior', 't4_anterior', 't12_posterior', 't12_anterior', 'c7', 't1'],
    plane: 'sagittal',
    compute: balance,
  },
}

const bad = (message: string): Refused => new Refused('bad_operation', message)
const isNumber = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) < 1e6

/** A measurement with its values; throws Refused. `bodies` are the ids of the ladder's. */
export const measured = (sent: MeasurementFields, bodies: ReadonlySet<string>): Measurement => {
  if (!WORD.test(sent.id)) throw bad('A measurement is an object with an id of letters, digits and hyphens.')
  const definition = (DEFINITIONS as Partial<Record<string, Definition>>)[sent.definition]
  if (!definition) throw bad(`${sent.definition} is no definition.`)
  const { kind } = sent.frame
  if (kind === 'image') {
    const { spacing, forward }: { spacing: readonly number[] | null; forward: number } = sent.frame
    const isGood = spacing === null || (spacing.length === 2 && spacing.every((side) => isNumber(side) && side > 0))
    if (!isGood || Math.abs(forward) !== 1) throw bad('An image frame has a spacing in mm or none, and says which way is forward.')
  } else if ((kind as string) !== 'patient') throw bad('A frame is of the patient or of an image.')
  if (!SOURCES.includes(sent.calibration.source)) throw bad('A calibration has a known source.')
  if (sent.curve && !CURVES.includes(sent.curve)) throw bad(`A curve is one of ${CURVES.join(', ')}.`)
  const levels = sent.levels ?? []
  if (levels.length > 2 || levels.some((name) => !LEVELS.has(name))) throw bad("'levels' names at most two vertebrae, from the head down.")
  if ((sent.bodies ?? []).some((body) => !bodies.has(body))) throw new Refused('unknown_body', 'The measurement hangs on a body that the ladder has not.')
  return { ...sent, bodies: sent.bodies ?? [], levels, curve: sent.curve ?? null, status: sent.status === 'proposed' ? 'proposed' : 'confirmed', values: valuesOf(definition, sent) }
}

const valuesOf = (definition: Definition, sent: MeasurementFields): Record<string, MeasuredValue> => {
  const size = sent.frame.kind === 'patient' ? 3 : 2
  const named: Readonly<Record<string, readonly number[]>> = Array.isArray(sent.points) ? {} : (sent.points as Readonly<Record<string, readonly number[]>>)
  const listed: readonly (readonly number[])[] = Array.isArray(sent.points) ? (sent.points as readonly (readonly number[])[]) : Object.values(named)
  if (listed.length > MOST_POINTS || listed.some((point) => point.length !== size || !point.every(isNumber))) throw bad(`A point is ${size} numbers, and there are at most ${MOST_POINTS}.`)
  const known = new Set([...definition.points, ...(definition.optional ?? [])])
  const isWhole = definition.points.every((name) => name in named) && Object.keys(named).every((name) => known.has(name)) && listed.length >= (definition.least ?? 0)
  if (!isWhole) throw bad(`${definition.title} needs ${definition.points.join(', ') || `${definition.least ?? 0} points`}.`)
  const at = Object.fromEntries(Object.entries(named).map(([name, point]) => [name, toPlane(point, sent.frame, definition.plane)]))
  const shape = listed.map((point) => toPlane(point, sent.frame, definition.plane))
  const own = definition.points.map((name) => (sent.frame.kind === 'patient' ? named[name]! : at[name]!))
  const raw = own.length ? own : sent.frame.kind === 'patient' ? listed : shape
  let found: Found
  try {
    found = definition.compute(at, shape, raw)
  } catch (error) {
    if (error instanceof RangeError) throw new Refused('degenerate', error.message)
    throw error
  }
  const reason = uncalibrated(sent.frame, sent.calibration.source)
  return Object.fromEntries(
    Object.entries(found).map(([name, value]): [string, MeasuredValue] => {
      if (typeof value === 'string') return [name, { value, unit: null }]
      const [number, unit] = value
      return [name, reason && (unit === 'mm' || unit === 'mm2') ? { value: null, unit, reason } : { value: Math.round(number * 1000) / 1000 + 0, unit }]
    }),
  )
}

const uncalibrated = (frame: MeasureFrame, source: CalibrationSource): string => {
  if (frame.kind === 'patient') return ''
  if (source === 'imager_pixel_spacing') return 'no_magnification'
  return frame.spacing && CALIBRATED.includes(source) ? '' : 'uncalibrated'
}

/** A `measurements` operation without what every operation has. */
export interface MeasurementsFields {
  readonly set?: readonly MeasurementFields[]
  readonly remove?: readonly string[]
}

const SENT = ['id', 'definition', 'frame', 'points', 'calibration', 'bodies', 'levels', 'curve', 'stack', 'slice', 'status'] as const

const sentOf = (item: Measurement): MeasurementFields => Object.fromEntries(SENT.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]]))) as unknown as MeasurementFields

/** The measurements after an operation, and the operation that takes it back; throws Refused. */
export const measurementsApply = (items: readonly Measurement[], fields: MeasurementsFields, bodies: ReadonlySet<string>): { items: Measurement[]; was: Required<MeasurementsFields> } => {
  const table = new Map(items.map((item) => [item.id, item]))
  const set: MeasurementFields[] = []
  const remove: string[] = []
  for (const sent of fields.set ?? []) {
    const item = measured(sent, bodies)
    const before = table.get(item.id)
    if (before) set.push(sentOf(before))
    else remove.push(item.id)
    table.set(item.id, item)
  }
  for (const id of fields.remove ?? []) {
    const gone = table.get(id)
    if (!gone) throw new Refused('unknown_measurement', 'There is no such measurement.')
    table.delete(id)
    set.push(sentOf(gone))
  }
  return { items: [...table.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)), was: { set, remove } }
}
