/** The numbering: one act on the ladder renames what hangs on it. */
import { ladderApply, type LadderFields } from '@/geometry/ladder'
import { ladderOf } from '@/geometry/numbering'
import type { Desk } from './desk'
import type { StepKind } from './kind'

export interface LadderStep {
  readonly kind: 'ladder'
  readonly fields: LadderFields
}

const outcomeOf = (desk: Desk, { fields }: LadderStep) => ladderApply(desk.view.ladder, desk.view.segments, fields, desk.layerOf, desk.schema)

export const ladderKind: StepKind<LadderStep> = {
  kind: 'ladder',
  opened: (annotation) => ({ ladder: ladderOf(annotation.ladder) }),
  apply: (desk, step) => {
    const { ladder, segments } = outcomeOf(desk, step)
    desk.set({ ladder, segments })
    desk.allMasksChanged()
  },
  inverse: (desk, step) => ({ kind: 'ladder', fields: outcomeOf(desk, step).was }),
  write: (_, step) => ({ fields: { ...step.fields }, bodies: [] }),
  read: (_, json) => ({ kind: 'ladder', fields: json as unknown as LadderFields }),
  towards: (desk, annotation) => {
    const { bodies, variant, evidence, unsure } = ladderOf(annotation.ladder)
    const here = desk.view.ladder
    const isSame = JSON.stringify([bodies, variant, evidence, unsure]) === JSON.stringify([here.bodies, here.variant, here.evidence, here.unsure])
    return isSame || !bodies.length ? null : { kind: 'ladder', fields: { action: 'set', ladder: { bodies, variant, evidence, unsure } } }
  },
}
