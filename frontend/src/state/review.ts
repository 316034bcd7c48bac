/** Reviews and adjudications: two or three readings held against each other, what was picked, and what went back. */
import { getJson, sendJson } from '@/api/client'
import type { Form } from '@/geometry/grades'
import type { Ladder } from '@/geometry/numbering'
import type { Segment } from './annotation'

export const SIDES = ['a', 'b', 'c'] as const
export type Side = (typeof SIDES)[number]
export type Take = Side | 'vote' | 'staple' | 'edit'

interface FindingOf<Kind extends string> {
  readonly id: string
  readonly kind: Kind
}

export interface OutlineFinding extends FindingOf<'outline' | 'missing'> {
  readonly structure: string
  readonly a: { readonly id: number; readonly layer: string } | null
  readonly b: { readonly id: number; readonly layer: string } | null
  /** Of three readings. */
  readonly c?: { readonly id: number; readonly layer: string } | null
  /** Of the two that lie furthest apart. */
  readonly dice: number
  readonly worst_mm: number | null
  readonly ml: readonly number[]
  /** Of three readings: each two of them. */
  readonly pairs?: Readonly<Record<string, { readonly dice: number; readonly worst_mm: number | null }>>
  readonly stack: string
  readonly place: readonly [number, number, number] | null
}

export interface LevelsFinding extends FindingOf<'levels'> {
  readonly bodies: readonly string[]
  readonly a: readonly (string | null)[]
  readonly b: readonly (string | null)[]
  readonly c?: readonly (string | null)[]
  /** The side that says what most of three say; null where all differ. */
  readonly majority?: Side | null
}

export interface GradeFinding extends FindingOf<'grade'> {
  readonly form: string
  readonly site: string
  readonly a: string | null
  readonly b: string | null
  readonly c?: string | null
  readonly majority?: Side | null
  readonly body: string | null
}

export type Finding = OutlineFinding | LevelsFinding | GradeFinding

export interface ReadingSide {
  readonly segments: readonly Segment[]
  readonly ladder: Partial<Ladder>
  readonly grades: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface Adjudication {
  readonly id: string
  readonly case: string
  readonly subject: string
  readonly project: string
  readonly schema: string
  readonly stacks: readonly { readonly id: string; readonly description: string; readonly modality: string; readonly plane: string }[]
  readonly state: 'open' | 'done' | 'returned'
  readonly findings: readonly Finding[]
  readonly agreement: { readonly dice?: number | null; readonly structures?: number; readonly agreed?: number; readonly levels?: number; readonly grades?: number }
  readonly picks: Readonly<Record<string, { readonly take: Take }>>
  readonly a: ReadingSide
  readonly b: ReadingSide
  /** Null where two have read the case. */
  readonly c: ReadingSide | null
}

/** The sides of an adjudication: two or three. */
export const sidesOf = (adjudication: Adjudication): readonly Side[] => SIDES.filter((side) => adjudication[side] !== null)

/** What settles a finding: a side, of three outlines also what they come to, or one's own. */
export const takesOf = (adjudication: Adjudication, finding: Finding): readonly Take[] => {
  const isOutline = finding.kind === 'outline' || finding.kind === 'missing'
  return [...sidesOf(adjudication), ...(adjudication.c && isOutline ? (['vote', 'staple'] as const) : []), 'edit']
}

export interface Review {
  readonly id: string
  readonly verdict: 'accept' | 'return'
  readonly note: string
  readonly created_at: string
}

export interface OpenedAdjudication {
  readonly adjudication: Adjudication
  readonly annotation: { readonly id: string; readonly seq: number }
}

interface Page<T> {
  readonly results: readonly T[]
}

/** The adjudication of a case that stands, or the last one; null where there is none that this person may see. */
export const adjudicationOf = async (caseId: string): Promise<Adjudication | null> => {
  const { results } = await getJson<Page<Adjudication>>(`/api/adjudications?case=${caseId}`)
  return results.find(({ state }) => state === 'open') ?? results[0] ?? null
}

export const adjudicationOpen = (id: string, client: string, takeover = false): Promise<OpenedAdjudication> => sendJson('POST', `/api/adjudications/${id}/open`, { client, takeover })

export const pickSend = (id: string, finding: string, take: Take): Promise<{ picks: Adjudication['picks']; seq: number }> => sendJson('POST', `/api/adjudications/${id}/picks`, { finding, take })

export const consensusSubmit = (id: string, expectedSeq: number): Promise<unknown> => sendJson('POST', `/api/adjudications/${id}/submit`, { expected_seq: expectedSeq })

export const sideMaskPath = (id: string, side: Side, stack: string, layer: string): string => `/api/adjudications/${id}/mask?side=${side}&stack=${stack}&layer=${layer}`

export const reviewGive = (caseId: string, body: { verdict: Review['verdict']; side?: Side; note?: string; place?: Readonly<Record<string, unknown>> }): Promise<Review> => sendJson('POST', `/api/cases/${caseId}/reviews`, body)

export const reviewsOf = async (caseId: string): Promise<readonly Review[]> => (await getJson<Page<Review>>(`/api/reviews?case=${caseId}`)).results

/** A value of a form in its own words; "not graded" where a side left the cell empty. */
export const answerWords = (forms: readonly Form[], code: string, value: string | null): string => (value === null ? 'not graded' : (forms.find((form) => form.code === code)?.values.find((each) => each.value === value)?.label ?? value.replace('_', ' ')))
