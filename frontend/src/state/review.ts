/** Reviews and adjudications: two readings held against each other, what was picked, and what went back. */
import { getJson, sendJson } from '@/api/client'
import type { Form } from '@/geometry/grades'
import type { Ladder } from '@/geometry/numbering'
import type { Segment } from './annotation'

export type Side = 'a' | 'b'
export type Take = Side | 'edit'

interface FindingOf<Kind extends string> {
  readonly id: string
  readonly kind: Kind
}

export interface OutlineFinding extends FindingOf<'outline' | 'missing'> {
  readonly structure: string
  readonly a: { readonly id: number; readonly layer: string } | null
  readonly b: { readonly id: number; readonly layer: string } | null
  readonly dice: number
  readonly worst_mm: number | null
  readonly ml: readonly [number, number]
  readonly stack: string
  readonly place: readonly [number, number, number] | null
}

export interface LevelsFinding extends FindingOf<'levels'> {
  readonly bodies: readonly string[]
  readonly a: readonly (string | null)[]
  readonly b: readonly (string | null)[]
}

export interface GradeFinding extends FindingOf<'grade'> {
  readonly form: string
  readonly site: string
  readonly a: string | null
  readonly b: string | null
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
