/** Projects, who belongs to them, and the person's own tokens. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { NewToken, Role, TokenScope } from '@/api/types'

export function useProjects() {
  return useQuery({ queryKey: ['projects'], queryFn: async () => (await data(api.GET('/api/projects', {}))).results })
}

export function useMembers(slug: string, active: boolean) {
  return useQuery({
    queryKey: ['members', slug],
    enabled: active && slug !== '',
    queryFn: async () => (await data(api.GET('/api/projects/{slug}/members', { params: { path: { slug }, query: { limit: 500 } } }))).results,
  })
}

export function useMemberAdd(slug: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: { username: string; role: Role }) => data(api.POST('/api/projects/{slug}/members', { params: { path: { slug } }, body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['members', slug] }),
  })
}

export function useMemberRemove(slug: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => data(api.DELETE('/api/projects/{slug}/members/{id}', { params: { path: { slug, id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['members', slug] }),
  })
}

export function useTokens() {
  return useQuery({ queryKey: ['tokens'], queryFn: async () => (await data(api.GET('/api/tokens', {}))).results })
}

export function useTokenCreate() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: { name: string; scopes: TokenScope[]; days: number }): Promise<NewToken> => data(api.POST('/api/tokens', { body })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
}

export function useTokenRevoke() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => data(api.DELETE('/api/tokens/{id}', { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tokens'] }),
  })
}
