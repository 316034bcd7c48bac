/** One source: how it is doing, its fields, and what is written to it and never shown again. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Source } from '@/api/types'

export type SourceFields = Partial<
  Pick<Source, 'name' | 'ae_title' | 'addresses' | 'modalities' | 'certificate_subject' | 'association_limit' | 'rate_limit' | 'host' | 'port' | 'is_tls' | 'dicomweb_url' | 'pull_filter' | 'pull_seconds'>
>

export function useSourceStatus(id: string) {
  return useQuery({
    queryKey: ['source-status', id],
    refetchInterval: 3000,
    queryFn: () => data(api.GET('/api/sources/{id}/status', { params: { path: { id } } })),
  })
}

/** Test the connection; the answer is how the source is doing afterwards. */
export function useSourceCheck(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => data(api.POST('/api/sources/{id}/check', { params: { path: { id } } })),
    onSuccess: (status) => queries.setQueryData(['source-status', id], status),
  })
}

export function useSourcePull(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => data(api.POST('/api/sources/{id}/pull', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['source-status', id] }),
  })
}

export interface SourceEdit {
  readonly fields: SourceFields
  /** Slug of the project that it sends to from now on, when that changes. */
  readonly moveTo: string | null
  /** Accession numbers to put on the sealed worklist. */
  readonly worklist: readonly string[]
  /** Name and password for its DICOMweb server; null leaves what is there. */
  readonly credentials: { readonly username: string; readonly password: string } | null
}

export function useSourceEdit(id: string, project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ fields, moveTo, worklist, credentials }: SourceEdit) => {
      const path = { id }
      await data(api.PATCH('/api/sources/{id}', { params: { path }, body: fields }))
      if (credentials) await data(api.PUT('/api/sources/{id}/credentials', { params: { path }, body: { ...credentials } }))
      if (worklist.length > 0) await data(api.POST('/api/sources/{id}/worklist', { params: { path }, body: { accession_numbers: [...worklist] } }))
      if (moveTo) await data(api.POST('/api/sources/{id}/move', { params: { path }, body: { project: moveTo } }))
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ['sources', project] })
      void queries.invalidateQueries({ queryKey: ['source-status', id] })
      void queries.invalidateQueries({ queryKey: ['intake', project] })
    },
  })
}
