/** What a project labels, and how it is read. */
import { useQuery } from '@tanstack/react-query'
import { api, data } from '@/api/client'

export function useProtocols(project: string, active: boolean) {
  return useQuery({
    queryKey: ['protocols', project],
    enabled: active && project !== '',
    queryFn: async () => (await data(api.GET('/api/protocols', { params: { query: { project } } }))).results,
  })
}

export function useSchemas(active: boolean) {
  return useQuery({
    queryKey: ['schemas'],
    enabled: active,
    staleTime: Infinity,
    queryFn: async () => (await data(api.GET('/api/schemas', {}))).results,
  })
}

export const READING_MODES: Readonly<Record<string, string>> = { ai_first: 'AI first', blind_first: 'blind first, then reveal', ai_hidden: 'AI hidden' }

export const REVIEW_RULES: Readonly<Record<string, string>> = { never: 'nobody', disagreement: 'where readers differ', always: 'always' }
