/** Every kind of operation there is. A new one is one entry here. */
import type { AnnotationInfo } from '../annotation'
import type { Desk, SessionView } from './desk'
import { gradesKind } from './grades'
import type { StepKind } from './kind'
import { ladderKind } from './levels'
import { measurementsKind } from './measurements'
import { patchKind } from './patches'
import { segmentsKind } from './segments'

const KINDS = { patch: patchKind, segments: segmentsKind, ladder: ladderKind, measurements: measurementsKind, grades: gradesKind }

type StepOf<Kind> = Kind extends StepKind<infer Each> ? Each : never
export type Step = StepOf<(typeof KINDS)[keyof typeof KINDS]>

/** How this step is done, taken back and written down. */
export const kindOf = (step: { readonly kind: Step['kind'] }): StepKind<Step> => KINDS[step.kind] as unknown as StepKind<Step>

/** The kind that a header names, or undefined for one that this Columna does not know. */
export const kindNamed = (name: unknown): StepKind<Step> | undefined => (typeof name === 'string' && name in KINDS ? kindOf({ kind: name as Step['kind'] }) : undefined)

/** What an annotation holds, as fields of the view. */
export const openedView = (annotation: AnnotationInfo): Partial<SessionView> => Object.assign({}, ...Object.values(KINDS).map((kind: Pick<StepKind<Step>, 'opened'>) => kind.opened?.(annotation) ?? {})) as Partial<SessionView>

/** The steps that make everything but the voxels as another annotation has it. */
export const stepsTowards = (desk: Desk, other: AnnotationInfo): Step[] => Object.values(KINDS as unknown as Readonly<Record<string, StepKind<Step>>>).flatMap((kind) => kind.towards?.(desk, other) ?? [])
