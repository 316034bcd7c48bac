/** What was graded: an answer per form and site, in the same log as the strokes. */
import { gradesApply, type Grades, type GradesFields } from '@/geometry/grades'
import type { Desk } from './desk'
import type { StepKind } from './kind'

export interface GradesStep extends GradesFields {
  readonly kind: 'grades'
}

const outcomeOf = (desk: Desk, step: GradesStep) => gradesApply(desk.view.grades, step, desk.view.forms, new Set(desk.view.ladder.bodies.map((body) => body.id)), new Date().toISOString())

export const gradesKind: StepKind<GradesStep> = {
  kind: 'grades',
  opened: (annotation) => ({ grades: (annotation.json['grades'] ?? {}) as Grades }),
  apply: (desk, step) => desk.set({ grades: outcomeOf(desk, step).grades }),
  inverse: (desk, step) => ({ kind: 'grades', ...outcomeOf(desk, step).was }),
  write: (_, { set = [], clear = [] }) => ({ fields: { set, clear }, bodies: [] }),
  read: (_, json) => {
    const { set = [], clear = [] } = json as GradesFields
    return { kind: 'grades', set, clear }
  },
}
