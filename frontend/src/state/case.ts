/** Cases: the worklist and the way into the next one. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { Case, CaseStack } from '@/api/types'

/** Every case of the project, the most urgent first; asked for again while studies may arrive. */
export function useCases(project: string) {
  return useQuery({
    queryKey: ['cases', project],
    enabled: project !== '',
    refetchInterval: 4000,
    queryFn: () => data(api.GET('/api/cases', { params: { query: { project, limit: 1000 } } })),
  })
}

/** Lease the best case; the answer's case is null where there is none. */
export function useCaseNext() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (project: string) => data(api.POST('/api/cases/next', { body: { project } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['cases'] }),
  })
}

export const isToDo = (item: Case) => item.state === 'new' || item.state === 'proposed' || item.state === 'open'
export const isDone = (item: Case) => item.state === 'submitted' || item.state === 'accepted' || item.state === 'review'
/** Begun by this person and not submitted. */
export const isBegun = (item: Case) => item.annotation?.state === 'draft' && (item.annotation.seq > 0 || item.lease.holder === 'you')
export const isElsewhere = (item: Case) => item.lease.holder === 'other'

const PLANES: Readonly<Record<string, string>> = { sagittal: 'sag', axial: 'ax', coronal: 'cor', oblique: 'obl', projection: 'film' }

/** What is in a case, as it is said: "MR · sag, ax", "CT · ax". */
export function contentsOf(stacks: readonly CaseStack[]): string {
  const modalities = unique(stacks.map(({ modality }) => modality))
  const planes = unique(stacks.map(({ plane }) => PLANES[plane] ?? '').filter(Boolean))
  return [modalities.join(', '), planes.join(', ')].filter(Boolean).join(' · ')
}

/** One series: "T2 sagittal, 17 images". */
export function stackWords({ description, modality, plane, slice_count }: CaseStack): string {
  const name = description || [modality, plane === 'unknown' ? '' : plane].filter(Boolean).join(' ')
  return `${name}, ${slice_count === 1 ? '1 image' : `${slice_count} images`}`
}

/** The stack that shows the case best: the sagittal one with most slices, else the largest. */
export function faceOf(stacks: readonly CaseStack[]): CaseStack | null {
  const best = [...stacks].sort((a, b) => Number(b.plane === 'sagittal') - Number(a.plane === 'sagittal') || b.slice_count - a.slice_count)
  return best[0] ?? null
}

export function previewOf(stack: string): string {
  return `/api/stacks/${stack}/preview`
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}
