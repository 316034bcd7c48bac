/** What was measured: every item keeps its points, and its values follow from them. */
import { measured, measurementsApply, type Measurement, type MeasurementFields, type MeasurementsFields } from '@/geometry/measurement'
import type { Desk } from './desk'
import type { StepKind } from './kind'

export interface MeasurementsStep extends MeasurementsFields {
  readonly kind: 'measurements'
}

const bodiesOf = (desk: Desk): ReadonlySet<string> => new Set(desk.view.ladder.bodies.map((body) => body.id))

const outcomeOf = (desk: Desk, step: MeasurementsStep) => measurementsApply(desk.view.measurements, step, bodiesOf(desk))

export const measurementsKind: StepKind<MeasurementsStep> = {
  kind: 'measurements',
  opened: (annotation) => ({ measurements: annotation.measurements.flatMap(known) }),
  apply: (desk, step) => desk.set({ measurements: outcomeOf(desk, step).items }),
  inverse: (desk, step) => ({ kind: 'measurements', ...outcomeOf(desk, step).was }),
  write: (_, { set = [], remove = [] }) => ({ fields: { set, remove }, bodies: [] }),
  read: (_, json) => {
    const { set = [], remove = [] } = json as MeasurementsFields
    return { kind: 'measurements', set, remove }
  },
}

/** What this Columna cannot compute again is not shown; it stays with the server as it is. */
const known = (item: MeasurementFields): Measurement[] => {
  try {
    return [measured(item, new Set(item.bodies))]
  } catch {
    return []
  }
}
