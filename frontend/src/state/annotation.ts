/** What the server says of a case and its annotation, and the words spoken with it about them. */
import { ApiError, getJson, raw, send, sendJson, UnreachableError } from '@/api/client'
import { BUNDLE_TYPE, envelopeDecode, envelopeEncode, envelopeSplit } from '@/geometry/envelope'
import type { MeasurementFields } from '@/geometry/measurement'
import type { Ladder } from '@/geometry/numbering'
import type { StackManifest, StackRegion } from '@/geometry/stack'
import type { Acknowledged, SendOutcome } from './outbox'
import type { Operation } from './outboxStore'

export type Json = Readonly<Record<string, unknown>>

export type SegmentStatus = 'proposed' | 'edited' | 'accepted'

export interface Segment {
  readonly id: number
  readonly layer: string
  readonly structure: string
  readonly status: SegmentStatus
  readonly colour?: string
  readonly locked?: boolean
  readonly instance?: number
}

export interface Structure {
  readonly value: number
  readonly code: string
  readonly name: string
  readonly category: string
  readonly layer: string
  readonly colour: string
}

export interface CaseStack {
  readonly id: string
  readonly modality: string
  readonly description: string
  readonly kind: string
  readonly plane: string
  /** Digest of the part of a large CT that opens first. */
  readonly region: string | null
}

export interface CaseInfo {
  readonly id: string
  readonly project: string
  readonly subject: string
  readonly state: string
  readonly protocol: string
  readonly protocolName: string
  readonly readingMode: string
  readonly structures: readonly string[]
  readonly schema: string
  readonly stacks: readonly CaseStack[]
  readonly proposal: string | null
  readonly description: string
  /** What the protocol's recipe asks for: segmentation, levels, grading, measurement. */
  readonly tasks: readonly string[]
  /** Codes of the forms in use; null where the protocol leaves it to the default. */
  readonly forms: readonly string[] | null
  /** Forms whose every cell is answered before the case can be submitted. */
  readonly required: readonly string[]
  /** The reading came back: what a reviewer wants looked at. */
  readonly returned: { readonly note: string; readonly place: Json } | null
}

export interface AnnotationInfo {
  readonly id: string
  readonly seq: number
  readonly segments: readonly Segment[]
  readonly derived_from: string | null
  readonly state: string
  readonly ladder: Partial<Ladder>
  readonly measurements: readonly MeasurementFields[]
  /** All of what the server said: a kind of operation reads its own part out of it. */
  readonly json: Json
}

export interface Lease {
  readonly id: string
  readonly epoch: number
  readonly lease_until: string
}

export interface OpenedCase {
  readonly case: CaseInfo
  readonly lease: Lease
  readonly annotation: AnnotationInfo
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {})
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const caseOf = (value: unknown): CaseInfo => {
  const json = record(value)
  const protocol = record(json['protocol'])
  const recipe = record(protocol['recipe'])
  return {
    id: text(json['id']),
    project: text(json['project']),
    subject: text(json['subject']) || text(record(json['subject'])['pseudonym']),
    state: text(json['state']),
    protocol: text(json['protocol']) || text(protocol['id']),
    protocolName: text(protocol['name']) || text(json['protocol_name']),
    readingMode: text(protocol['reading_mode']) || text(json['reading_mode']) || 'ai_first',
    structures: list(protocol['structures']).filter((code) => typeof code === 'string'),
    schema: text(protocol['schema']) || text(record(protocol['schema'])['id']),
    stacks: list(json['stacks']).map((stack) =>
      typeof stack === 'string'
        ? { id: stack, modality: '', description: '', kind: '', plane: '', region: null }
        : { id: text(record(stack)['id']), modality: text(record(stack)['modality']), description: text(record(stack)['description']), kind: text(record(stack)['kind']), plane: text(record(stack)['plane']), region: text(record(stack)['region']) || null },
    ),
    proposal: text(json['proposal_revision']) || text(record(json['proposal'])['revision']) || null,
    description: text(json['description']) || text(json['study_description']),
    tasks: list(recipe['tasks']).map(text),
    forms: Array.isArray(recipe['forms']) ? list(recipe['forms']).map(text) : null,
    required: list(recipe['required']).map(text),
    returned: json['returned'] ? { note: text(record(json['returned'])['note']), place: record(record(json['returned'])['place']) } : null,
  }
}

export const annotationOf = (value: unknown): AnnotationInfo => {
  const json = record(value)
  return {
    id: text(json['id']),
    seq: typeof json['seq'] === 'number' ? json['seq'] : 0,
    segments: list(json['segments']) as readonly Segment[],
    derived_from: text(json['derived_from']) || null,
    state: text(json['state']),
    ladder: record(json['ladder']),
    measurements: list(json['measurements']) as readonly MeasurementFields[],
    json,
  }
}

export const openedOf = (value: unknown): OpenedCase => {
  const json = record(value)
  return { case: caseOf(json['case']), lease: record(json['assignment']) as unknown as Lease, annotation: annotationOf(json['annotation']) }
}

export const caseGet = async (id: string): Promise<CaseInfo> => caseOf(await getJson<unknown>(`/api/cases/${id}`))

export const caseOpen = async (id: string, client: string, takeover: boolean): Promise<OpenedCase> =>
  openedOf(await sendJson<unknown>('POST', `/api/cases/${id}/open`, { client, takeover }))

export const caseNext = async (project: string, client: string): Promise<OpenedCase | null> => {
  const answer = await sendJson<unknown>('POST', '/api/cases/next', { project, client })
  return text(record(record(answer)['case'])['id']) ? openedOf(answer) : null
}

export const leaseRenew = (id: string): Promise<Lease> => sendJson<Lease>('POST', `/api/assignments/${id}/renew`, {})

export const leaseRelease = (id: string): Promise<unknown> => sendJson('POST', `/api/assignments/${id}/release`, {})

export const manifestGet = (stack: string): Promise<StackManifest> => getJson<StackManifest>(`/api/stacks/${stack}/manifest`)

export interface PriorStudy {
  readonly study: string
  readonly days_before: number
  readonly stacks: readonly CaseStack[]
}

/** Earlier studies of the case's subject, the newest first. */
export const priorsGet = (caseId: string): Promise<readonly PriorStudy[]> => getJson<readonly PriorStudy[]>(`/api/cases/${caseId}/priors`)

/** The part of a large CT that opens first, or null where there is none or it does not come: the whole opens then. */
export const regionGet = async (stack: string, digest: string | null | undefined): Promise<StackRegion | null> => {
  if (!digest) return null
  try {
    return { ...(await getJson<StackRegion>(`/api/stacks/${stack}/regions/${digest}`)), digest }
  } catch {
    return null
  }
}

export const previewUrl = (stack: string): string => `/api/stacks/${stack}/preview`

/** Frames of a stack, `count` from `from` on, as they were compressed; with `level` only their first bytes, enough for that resolution (0 is the coarsest). */
export const framesGet = async (stack: string, from: number, count: number, signal: AbortSignal, cache: RequestCache = 'default', level?: number, region?: string): Promise<Uint8Array<ArrayBuffer>[]> => {
  if (count === 1 && level === undefined) {
    const response = await send(`/api/stacks/${stack}/frames/${from}${region ? `?region=${region}` : ''}`, { signal, cache, headers: { Accept: 'image/jphc' } })
    return [new Uint8Array(await response.arrayBuffer())]
  }
  const response = await send(`/api/stacks/${stack}/frames?from=${from}&count=${count}${level === undefined ? '' : `&level=${level}`}${region ? `&region=${region}` : ''}`, { signal, cache, headers: { Accept: BUNDLE_TYPE } })
  const { header, rest } = envelopeDecode(new Uint8Array(await response.arrayBuffer()))
  return envelopeSplit(rest, bundleLengths(header)).map((data) => data.slice())
}

const bundleLengths = (header: unknown): number[] => {
  const json = record(header)
  const entries = list(json['frames'] ?? json['slices'])
  return (entries.length ? entries.map((entry) => record(entry)['length']) : list(json['lengths'])).map(Number)
}

export interface HeldMask {
  readonly seq: number
  readonly rows: number
  readonly columns: number
  readonly slices: ReadonlyMap<string, Uint8Array>
}

/** Slices of a mask as the server holds them: slice key to uint8 segment ids, row by row. Slices of zeros may be missing. */
export const maskGet = async (path: string): Promise<HeldMask> => {
  const response = await send(path, { headers: { Accept: BUNDLE_TYPE } })
  const { header, rest } = envelopeDecode(new Uint8Array(await response.arrayBuffer()))
  const json = record(header)
  const entries = list(json['slices']).map(record)
  const bodies = envelopeSplit(rest, entries.map((entry) => Number(entry['length'])))
  const slices = new Map<string, Uint8Array>()
  await Promise.all(
    entries.map(async (entry, i) => {
      const body = bodies[i]
      if (body?.length) slices.set(text(entry['key']), await gunzip(body))
    }),
  )
  return { seq: Number(json['seq'] ?? 0), rows: Number(json['rows']), columns: Number(json['columns']), slices }
}

const gunzip = async (data: Uint8Array): Promise<Uint8Array> => {
  const stream = new Blob([Uint8Array.from(data)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

export const annotationMaskPath = (annotation: string, stack: string, layer: string): string => `/api/annotations/${annotation}/mask?stack=${stack}&layer=${layer}`

/** The frozen mask of a revision: immutable, so that the browser may have it already. */
export const revisionMaskPath = (revision: string, stack: string, layer: string): string => `/api/revisions/${revision}/mask?stack=${stack}&layer=${layer}`

export interface SliceDifference {
  readonly stack: string
  readonly layer: string
  readonly key: string
  readonly digest: string
  readonly is_damaged: boolean
}

/** Those of the slices that the server holds otherwise. */
export const slicesCheck = async (annotation: string, slices: readonly { readonly stack: string; readonly layer: string; readonly key: string; readonly digest: string }[]): Promise<readonly SliceDifference[]> =>
  (await sendJson<{ slices: SliceDifference[] }>('POST', `/api/annotations/${annotation}/slices/check`, { slices })).slices

/** Put a whole slice where its stored bytes are damaged. */
export const sliceHeal = async (annotation: string, place: { readonly stack: string; readonly layer: string; readonly key: string }, whole: Uint8Array<ArrayBuffer>): Promise<void> => {
  const query = new URLSearchParams({ stack: place.stack, layer: place.layer, key: place.key })
  await send(`/api/annotations/${annotation}/slice?${query.toString()}`, { method: 'PUT', headers: { 'Content-Type': 'application/octet-stream' }, body: whole })
}

export interface BranchInfo {
  readonly annotation: AnnotationInfo
  readonly createdAt: string
  /** How many operations it holds. */
  readonly count: number
}

/** Branches of an annotation, newest first: work that came too late and was kept beside it. */
export const branchesGet = async (annotation: string): Promise<readonly BranchInfo[]> => {
  const answer = record(await getJson<unknown>(`/api/annotations?branch_of=${annotation}`))
  return list(answer['results'])
    .map(record)
    .map((json) => ({ annotation: annotationOf(json), createdAt: text(json['created_at']), count: Number(json['seq'] ?? 0) - Number(json['branch_seq'] ?? 0) }))
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
}

/** Put operations, each an envelope of its own, into one batch. */
export const batchOf = (operations: readonly Operation[], baseSeq: number, lease: Lease): Uint8Array<ArrayBuffer> => {
  const parts = operations.map((operation) => envelopeDecode(operation.bytes))
  const header = { ops: parts.map((part) => part.header), base_seq: baseSeq, assignment: lease.id, epoch: lease.epoch }
  return envelopeEncode(
    header,
    parts.map((part) => part.rest),
  )
}

export const operationsSend = async (annotation: string, body: Uint8Array<ArrayBuffer>, isLast: boolean): Promise<SendOutcome> => {
  try {
    const response = await send(`/api/annotations/${annotation}/operations`, { method: 'POST', headers: { 'Content-Type': BUNDLE_TYPE }, body, keepalive: isLast })
    return { kind: 'done', acknowledged: (await response.json()) as Acknowledged }
  } catch (error) {
    return outcomeOf(error)
  }
}

export const outcomeOf = (error: unknown): Exclude<SendOutcome, { kind: 'done' }> => {
  if (error instanceof ApiError) {
    if (error.status === 401) return { kind: 'signed-out' }
    if (error.status === 410) return { kind: 'gone', message: error.message }
    if (error.code === 'damaged_chunk') return { kind: 'damaged' }
    if (error.status === 409) return { kind: 'conflict', code: error.code, message: error.message, state: error.state }
    if (error.code === 'storage_full') return { kind: 'unreachable', message: error.message }
    if (error.status >= 500 || error.status === 408 || error.status === 429) return { kind: 'unreachable' }
    return { kind: 'refused', message: error.message }
  }
  if (error instanceof UnreachableError || error instanceof TypeError) return { kind: 'unreachable' }
  return { kind: 'refused', message: error instanceof Error ? error.message : 'The answer could not be read.' }
}

/** Ids in the log after `seq`, oldest first, and where the log ends. */
export const operationsKnown = async (annotation: string, after: number): Promise<{ seq: number; ids: string[] } | null> => {
  try {
    const answer = record(await getJson<unknown>(`/api/annotations/${annotation}/operations?after=${after}`))
    const entries = list(answer['operations'] ?? answer['results'] ?? answer['ops']).map(record)
    return { seq: Number(answer['seq'] ?? after + entries.length), ids: entries.map((entry) => text(entry['id']) || text(entry['op_id'])) }
  } catch {
    return null
  }
}

/** Keep operations that no longer fit as a branch of their author's own; nothing of the annotation changes. */
export const branchKeep = async (annotation: string, body: Uint8Array<ArrayBuffer>): Promise<string> => {
  const response = await send(`/api/annotations/${annotation}/branches`, { method: 'POST', headers: { 'Content-Type': BUNDLE_TYPE }, body })
  return text(record(await response.json())['id'])
}

export const annotationSubmit = (annotation: string, expectedSeq: number): Promise<unknown> => sendJson('POST', `/api/annotations/${annotation}/submit`, { expected_seq: expectedSeq })

export const structuresGet = async (schema: string): Promise<readonly Structure[]> => {
  const answer = await getJson<unknown>('/api/schemas')
  const all = Array.isArray(answer) ? (answer as readonly unknown[]) : list(record(answer)['results'])
  const chosen = all.map(record).find((entry) => entry['id'] === schema || entry['name'] === schema) ?? record(all[0])
  return list(chosen['structures']) as readonly Structure[]
}

export const uncertaintyGet = async (revision: string): Promise<unknown> => {
  const response = await raw(`/api/revisions/${revision}/uncertainty`, { cache: 'no-cache' })
  return response.ok ? ((await response.json()) as unknown) : null
}
