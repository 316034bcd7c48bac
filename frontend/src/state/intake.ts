/** What comes in: sources, imports and what was found in them, what is held back. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getJson, sendJson } from '@/api/client'
import type { ImportBatch, ImportDetail, Page, QuarantineItem, Source } from '@/api/types'
import { upload } from '@/api/upload'

const at = (path: string, project: string, more = '') => `${path}?project=${encodeURIComponent(project)}${more}`

export function useSources(project: string) {
  return useQuery({ queryKey: ['sources', project], enabled: project !== '', queryFn: async () => (await getJson<Page<Source>>(at('/api/sources', project))).results })
}

/** Imports, newest first; asked for again every two seconds unless paused. */
export function useImports(project: string, live: boolean) {
  return useQuery({
    queryKey: ['imports', project],
    enabled: project !== '',
    refetchInterval: live ? 2000 : false,
    queryFn: () => getJson<Page<ImportBatch>>(at('/api/imports', project, '&limit=50')),
  })
}

export function useImport(id: string | null) {
  return useQuery({
    queryKey: ['import', id],
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? 1500 : false),
    queryFn: () => getJson<ImportDetail>(`/api/imports/${id ?? ''}`),
  })
}

export function useQuarantine(project: string, active: boolean) {
  return useQuery({
    queryKey: ['quarantine', project],
    enabled: active && project !== '',
    refetchInterval: 5000,
    queryFn: () => getJson<Page<QuarantineItem>>(at('/api/quarantine', project, '&limit=200')),
  })
}

export interface ImportRequest {
  readonly project: string
  readonly kind: 'dicom' | 'nifti' | 'png'
  readonly files: readonly File[]
  /** More fields of the form, for NIfTI and PNG. */
  readonly fields: Readonly<Record<string, string>>
}

export function useImportStart(onShare: (share: number) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ project, kind, files, fields }: ImportRequest) => {
      const form = new FormData()
      form.append('project', project)
      form.append('kind', kind)
      for (const [name, value] of Object.entries(fields)) form.append(name, value)
      // the server never needs to know what the files were called
      for (const [ordinal, file] of files.entries()) form.append('files', file, `${ordinal + 1}${suffixOf(file.name)}`)
      return upload<ImportBatch>('/api/imports', form, onShare)
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['imports'] }),
  })
}

const SUFFIXES = ['.nii.gz', '.tar.gz', '.nii', '.zip', '.tar', '.dcm', '.png']

/** The ending that says what a file is; everything before it stays in this browser. */
export function suffixOf(name: string): string {
  return SUFFIXES.find((suffix) => name.toLowerCase().endsWith(suffix)) ?? ''
}

export function useSourceAdd(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (source: Pick<Source, 'name' | 'kind' | 'ae_title' | 'addresses' | 'modalities'>) => sendJson<Source>('POST', '/api/sources', { project, ...source }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources', project] }),
  })
}

export function useSourceChange(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, ...change }: { id: string; is_active: boolean }) => sendJson<Source>('PATCH', `/api/sources/${id}`, change),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources', project] }),
  })
}
