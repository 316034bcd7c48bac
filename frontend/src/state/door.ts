/** The door: by which profile it lets in, what it did, how small the groups are, and who somebody was. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'

/** The project's profile of de-identification, option by option. */
export function useProfile(project: string) {
  return useQuery({
    queryKey: ['profile', project],
    enabled: project !== '',
    queryFn: () => data(api.GET('/api/intake/profile', { params: { query: { project } } })),
  })
}

export function useProfileChange(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (options: Readonly<Record<string, boolean | string>>) => data(api.POST('/api/intake/profile', { body: { project, options: { ...options } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['profile', project] }),
  })
}

/** The groups of subjects that are few. */
export function useAnonymity(project: string, threshold: number) {
  return useQuery({
    queryKey: ['anonymity', project, threshold],
    queryFn: () => data(api.GET('/api/intake/anonymity', { params: { query: { project, threshold } } })),
  })
}

/** What de-identification did to a study; no value of before or after. */
export function useStudyReport(study: string) {
  return useQuery({
    queryKey: ['study-report', study],
    queryFn: () => data(api.GET('/api/studies/{id}/deidentification', { params: { path: { id: study } } })),
  })
}

/** Requests to learn who somebody was, newest first. */
export function useIdentityRequests(active: boolean) {
  return useQuery({
    queryKey: ['identity-requests'],
    enabled: active,
    refetchInterval: 5000,
    queryFn: async () => (await data(api.GET('/api/identity-requests', { params: { query: { limit: 50 } } }))).results,
  })
}

export function useIdentityAsk() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ subject, reason }: { subject: string; reason: string }) => data(api.POST('/api/subjects/{id}/identity-requests', { params: { path: { id: subject } }, body: { reason } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['identity-requests'] }),
  })
}

export function useIdentityDecide() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, approve }: { id: string; approve: boolean }) => data(api.POST('/api/identity-requests/{id}/decide', { params: { path: { id } }, body: { approve } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['identity-requests'] }),
  })
}

/** Shown once and kept nowhere: it goes with the dialog. */
export function useIdentityOpen() {
  const queries = useQueryClient()
  return useMutation({
    gcTime: 0,
    mutationFn: (id: string) => data(api.POST('/api/identity-requests/{id}/open', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['identity-requests'] }),
  })
}
