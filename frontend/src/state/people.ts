/** People's accounts, organisations, and beginning a project: what an operator does before anybody else can work. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, raw } from '@/api/client'
import { meKey } from './account'

export function usePeople(active: boolean) {
  return useQuery({ queryKey: ['people'], enabled: active, queryFn: async () => (await data(api.GET('/api/users', { params: { query: { limit: 500 } } }))).results })
}

export function useOrganisations(active: boolean) {
  return useQuery({ queryKey: ['organisations'], enabled: active, queryFn: async () => (await data(api.GET('/api/organisations', {}))).results })
}

function useChanging<Body, Answer>(change: (body: Body) => Promise<Answer>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => Promise.all([['people'], ['organisations'], ['projects'], meKey].map((queryKey) => queries.invalidateQueries({ queryKey }))) })
}

export const useOrganisationCreate = () => useChanging((body: { slug: string; name: string }) => data(api.POST('/api/organisations', { body })))

export const useProjectCreate = () => useChanging((body: { slug: string; name: string; organisation: string; manager: string; description: string }) => data(api.POST('/api/projects', { body })))

export const useProjectChange = () => useChanging(({ slug, ...body }: { slug: string; name: string; description: string }) => data(api.PATCH('/api/projects/{slug}', { params: { path: { slug } }, body })))

export const usePersonCreate = () => useChanging((body: { username: string; display_name: string; organisation: string; password: string }) => data(api.POST('/api/users', { body })))

export const usePersonChange = () => useChanging(({ id, ...body }: { id: string; is_active?: boolean; password?: string }) => data(api.PATCH('/api/users/{id}', { params: { path: { id } }, body })))

/** Choose one's own password. Resolves with what is wrong with it, or null. */
export async function passwordChange(current: string, chosen: string): Promise<string | null> {
  const answer = await raw('/_allauth/browser/v1/account/password/change', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ current_password: current, new_password: chosen }),
  })
  if (answer.ok) return null
  const body = (await answer.json().catch(() => ({}))) as { errors?: { message?: string }[] }
  return body.errors?.map(({ message }) => message ?? '').join(' ') || 'The server did not take it. Nothing was changed; try again in a moment.'
}

/** A first password to hand over: three groups that can be read out, 60 bits. */
export function firstPassword(): string {
  const signs = 'abcdefghjkmnpqrstuvwxyz23456789'
  const bytes = crypto.getRandomValues(new Uint8Array(15))
  const word = [...bytes].map((byte) => signs[byte % signs.length] ?? '').join('')
  return [word.slice(0, 5), word.slice(5, 10), word.slice(10)].join('-')
}

/** "Lumbar spine 2" as an address: "lumbar-spine-2". */
export const slugOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 50)
