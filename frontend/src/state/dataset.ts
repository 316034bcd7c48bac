/** Datasets and their versions: made, frozen by gates, released by a second person. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError, api, data } from '@/api/client'
import type { DatasetCreate, Version } from '@/api/types'

export function useDatasets(project: string) {
  return useQuery({
    queryKey: ['datasets', project],
    enabled: project !== '',
    queryFn: async () => (await data(api.GET('/api/datasets', { params: { query: { project, limit: 200 } } }))).results,
  })
}

/** Newest first; asked for again while one is being written. */
export function useVersions(slug: string | null) {
  return useQuery({
    queryKey: ['versions', slug],
    enabled: slug !== null,
    refetchInterval: ({ state }) => (state.data?.some((version) => version.state === 'building') ? 1000 : 15_000),
    queryFn: async () => (await data(api.GET('/api/datasets/{slug}/versions', { params: { path: { slug: slug ?? '' }, query: { limit: 200 } } }))).results,
  })
}

export function useDatasetCreate() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: DatasetCreate) => data(api.POST('/api/datasets', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['datasets'] }),
  })
}

export function useVersionFreeze(slug: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ reason, number }: { reason: string; number: string }) =>
      data(api.POST('/api/datasets/{slug}/versions', { params: { path: { slug } }, body: { kind: 'release', reason, ...(number === '' ? {} : { number }) } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['versions', slug] }),
  })
}

export function useVersionDecide(slug: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ number, verb }: { number: string; verb: 'approve' | 'reject' }) => {
      const params = { path: { slug, number } }
      return verb === 'approve' ? data(api.POST('/api/datasets/{slug}/versions/{number}/approve', { params })) : data(api.POST('/api/datasets/{slug}/versions/{number}/reject', { params }))
    },
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['versions', slug] }), queries.invalidateQueries({ queryKey: ['datasets'] })]),
  })
}

export interface GateFault {
  readonly case: string
  readonly message: string
}
export type Refusals = Readonly<Record<string, readonly GateFault[]>>

/** The gates of a release, in the order they are asked, and what each asks for. */
export const GATES: readonly { code: string; asks: string }[] = [
  { code: 'selection', asks: 'There are submitted readings, of patients who have not withdrawn' },
  { code: 'submitted', asks: 'Every case is submitted by its reader' },
  { code: 'geometry', asks: 'Every mask lies on its stack’s own grid' },
  { code: 'schema', asks: 'One label schema, and every segment is of it' },
  { code: 'splits', asks: 'Each patient is in one split, the same as before' },
  { code: 'licence', asks: 'The dataset names its licence' },
]

/** What shut gates said: in a refused version, or in the answer to asking for one. */
export function refusalsOf(source: unknown): Refusals {
  if (source instanceof ApiError) return source.code === 'gates_refused' ? ((source.state['gates'] as Refusals | undefined) ?? {}) : {}
  return ((source as Version | undefined)?.refusals as unknown as Refusals | undefined) ?? {}
}

/** What a researcher types. */
export function pullCommand(slug: string, number: string): string {
  return `columna pull ${slug}@${number}`
}
