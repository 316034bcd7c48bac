/** How sure the model is of its proposals: per case, and per structure. */
import { useQueries, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, data } from '@/api/client'
import type { Case, ModelVersion, Prediction, Revision } from '@/api/types'
import { nameOf } from './structure'
import { fromCode } from './words'

/** One structure of a proposal. `entropy` is the mean predictive entropy, 0 sure to 1 guessing. */
export interface Place {
  readonly name: string
  readonly entropy: number
  readonly doubtful: boolean
}

export interface Sureness {
  /** 1 − the mean entropy over structures. */
  readonly confidence: number
  /** Worst first. */
  readonly places: readonly Place[]
  /** How many places the server says to look at, as the reading room counts them. */
  readonly doubtful: number
  /** Why the numbering of the levels is not sure; empty when it is. */
  readonly numbering: string
  readonly model: string
}

export interface UncertaintyBody {
  stacks?: Record<string, { layers?: Record<string, Record<string, { mean?: number }>>; numbering?: { sure?: boolean; reason?: string } }>
  doubts?: readonly { layer: string; id: number }[]
}

interface Segment {
  id: number
  layer: string
  structure: string
}

/** Read a proposal's uncertainty with its segment table. A structure in several stacks counts with its worst. */
export function surenessOf(body: UncertaintyBody, segments: readonly Segment[], model: string): Sureness | null {
  const names = new Map(segments.map(({ id, layer, structure }) => [`${layer}:${id}`, structure]))
  const doubts = (body.doubts ?? []).map(({ layer, id }) => `${layer}:${id}`)
  const worst = new Map<string, Place>()
  let numbering = ''
  for (const stack of Object.values(body.stacks ?? {})) {
    if (stack.numbering?.sure === false) numbering ||= stack.numbering.reason ?? ''
    for (const [layer, table] of Object.entries(stack.layers ?? {}))
      for (const [id, { mean = 0 }] of Object.entries(table)) {
        const code = names.get(`${layer}:${id}`)
        const name = code === undefined ? `${fromCode(layer)} ${id}` : nameOf(code)
        if (mean >= (worst.get(name)?.entropy ?? -1)) worst.set(name, { name, entropy: mean, doubtful: doubts.includes(`${layer}:${id}`) })
      }
  }
  const places = [...worst.values()].sort((a, b) => b.entropy - a.entropy)
  if (places.length === 0) return null
  const mean = places.reduce((sum, { entropy }) => sum + entropy, 0) / places.length
  return { confidence: 1 - mean, places, doubtful: doubts.length, numbering, model }
}

/** In one line, why a person should look: the worst structure, or what is unsure of the numbering. */
export function whyOf({ places, doubtful, numbering }: Sureness): string {
  const worst = places[0]
  if (worst && doubtful > 0) return `Unsure at ${places.filter((place) => place.doubtful).slice(0, 2).map(({ name }) => name).join(', ')}`
  if (numbering) return numbering
  return worst ? `Least sure at ${worst.name}` : ''
}

const AT_ONCE = 60

/** The sureness of the first cases' proposals, by case. Proposals that the reading mode hides are not asked for. */
export function useSureness(project: string, cases: readonly Case[]): ReadonlyMap<string, Sureness> {
  const { data: proposals } = useQuery({
    queryKey: ['proposals', project],
    enabled: project !== '' && cases.some(({ proposal_revision }) => proposal_revision !== null),
    refetchInterval: 8000,
    queryFn: async () => (await data(api.GET('/api/revisions', { params: { query: { project, kind: 'proposal', limit: 1000 } } }))).results,
  })
  const { data: models } = useModels(project, cases.some(({ proposal_revision }) => proposal_revision !== null))
  const asked = cases.filter(({ proposal_revision }) => proposal_revision !== null).slice(0, AT_ONCE)
  const bodies = useQueries({
    queries: asked.map(({ proposal_revision }) => ({
      queryKey: ['uncertainty', proposal_revision],
      staleTime: Infinity,
      retry: false,
      queryFn: () => data(api.GET('/api/revisions/{id}/uncertainty', { params: { path: { id: proposal_revision ?? '' } }, cache: 'no-cache' })),
    })),
    combine: (answers) => answers.map(({ data: body }) => body),
  })
  return useMemo(() => {
    const tables = new Map((proposals ?? []).map((revision) => [revision.id, revision]))
    const found = new Map<string, Sureness>()
    for (const [at, item] of asked.entries()) {
      const revision = tables.get(item.proposal_revision ?? '')
      const body = bodies[at]
      const sureness = body && revision ? surenessOf(body, segmentsOf(revision), modelName(revision, models ?? [])) : null
      if (sureness) found.set(item.id, sureness)
    }
    return found
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked is cut from cases anew at every render
  }, [proposals, models, bodies, cases])
}

export function segmentsOf(revision: Revision): Segment[] {
  return revision.segments as unknown as Segment[]
}

function modelName({ model_version }: Revision, models: readonly ModelVersion[]): string {
  return models.find(({ id }) => id === model_version)?.name ?? ''
}

/** Models of the project and the built-in ones, newest first. */
export function useModels(project: string, active = true) {
  return useQuery({
    queryKey: ['models', project],
    enabled: active && project !== '',
    refetchInterval: 10_000,
    queryFn: async () => (await data(api.GET('/api/models', { params: { query: { project, limit: 200 } } }))).results,
  })
}

/** Why a case has no proposal, by case; only those who manage cases are told. */
export function useSkipped(project: string, active: boolean): ReadonlyMap<string, string> {
  const { data: predictions } = useQuery({
    queryKey: ['predictions', project],
    enabled: active && project !== '',
    refetchInterval: 8000,
    queryFn: async () => (await data(api.GET('/api/predictions', { params: { query: { project, limit: 1000 } } }))).results,
  })
  return useMemo(() => skippedOf(predictions ?? []), [predictions])
}

const SKIPPED: Readonly<Record<string, string>> = {
  sealed: 'Sealed patient: read without a proposal',
  already_read: 'Read before the model came',
  still_arriving: 'Slices are still arriving; the model waits for them',
  superseded: 'More slices came while the model looked',
  no_stacks: 'No stack is ready',
  modality_unsupported: 'The model knows MR and CT volumes only',
  no_volume: 'Not a volume: the model cannot place its slices',
  too_little_seen: 'Too little of the spine is seen',
  nothing_found: 'The model found no vertebra here',
}

function skippedOf(predictions: readonly Prediction[]): ReadonlyMap<string, string> {
  const newestLast = [...predictions].reverse()
  return new Map(newestLast.map(({ case: id, skipped_reason }) => [id, skipped_reason === '' ? '' : (SKIPPED[skipped_reason] ?? fromCode(skipped_reason))]))
}
