/** What comes in: the day's figures, sources, imports and what was found in them, what is held back. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { ImportDetail, Source } from '@/api/types'
import { upload } from '@/api/upload'

/** The day's figures, the rate per source and the series arriving now; asked for every two seconds unless paused. */
export function useIntake(project: string, live: boolean) {
  return useQuery({
    queryKey: ['intake', project],
    enabled: project !== '',
    refetchInterval: live ? 2000 : false,
    queryFn: () => data(api.GET('/api/intake/summary', { params: { query: { project } } })),
  })
}

export function useSources(project: string) {
  return useQuery({
    queryKey: ['sources', project],
    enabled: project !== '',
    queryFn: async () => (await data(api.GET('/api/sources', { params: { query: { project, limit: 200 } } }))).results,
  })
}

/** Imports, newest first. */
export function useImports(project: string, live: boolean) {
  return useQuery({
    queryKey: ['imports', project],
    enabled: project !== '',
    refetchInterval: live ? 2000 : false,
    queryFn: () => data(api.GET('/api/imports', { params: { query: { project, limit: 50 } } })),
  })
}

export function useImport(id: string | null) {
  return useQuery({
    queryKey: ['import', id],
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 1500 : false),
    queryFn: () => data(api.GET('/api/imports/{id}', { params: { path: { id: id ?? '' } } })),
  })
}

export function useQuarantine(project: string, active: boolean) {
  return useQuery({
    queryKey: ['quarantine', project],
    enabled: active && project !== '',
    refetchInterval: 5000,
    queryFn: () => data(api.GET('/api/quarantine', { params: { query: { project, limit: 200, state: ['held', 'proposed'] } } })),
  })
}

export interface ImportRequest {
  readonly project: string
  readonly kind: 'dicom' | 'nifti' | 'png'
  readonly files: readonly File[]
  /** For NIfTI and PNG: which file is whose, and what its mask means. */
  readonly mapping: Readonly<Record<string, unknown>> | null
}

export function useImportStart(onShare: (share: number) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (request: ImportRequest) => upload<ImportDetail>('/api/imports', importForm(request), onShare),
    onSuccess: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'imports' || queryKey[0] === 'intake' }),
  })
}

/** The form of an import. A DICOM file says itself what it is, so its name never leaves this browser; a volume's name says whose it is. */
export function importForm({ project, kind, files, mapping }: ImportRequest): FormData {
  const form = new FormData()
  form.append('project', project)
  form.append('kind', kind)
  if (mapping) form.append('mapping', JSON.stringify(mapping))
  for (const [ordinal, file] of files.entries()) form.append('files', file, kind === 'dicom' ? `${ordinal + 1}${suffixOf(file.name)}` : file.name)
  return form
}

const SUFFIXES = ['.tar.gz', '.tgz', '.zip', '.tar', '.dcm']

/** The ending that says what a file is. */
export function suffixOf(name: string): string {
  return SUFFIXES.find((suffix) => name.toLowerCase().endsWith(suffix)) ?? ''
}

export function useSourceAdd(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (source: Pick<Source, 'name' | 'kind' | 'ae_title' | 'addresses' | 'modalities' | 'dicomweb_url'>) => data(api.POST('/api/sources', { body: { project, ...source } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources', project] }),
  })
}

export function useSourceChange(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, ...body }: { id: string; is_active: boolean }) => data(api.PATCH('/api/sources/{id}', { params: { path: { id } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources', project] }),
  })
}
