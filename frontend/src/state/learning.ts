/** Learning: what each model learned from and how good it is on sealed patients, and the runs that make new ones. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import type { ModelVersion, TrainingRun } from '@/api/types'

export function useTrainingRuns(project: string, active: boolean) {
  return useQuery({
    queryKey: ['training-runs', project],
    enabled: active && project !== '',
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? 1000 : 10_000),
    queryFn: async () => (await data(api.GET('/api/training-runs', { params: { query: { project, limit: 50 } } }))).results,
  })
}

export const isUnderWay = ({ state }: TrainingRun) => state === 'queued' || state === 'running'

export interface RunRequest {
  readonly labels: TrainingRun['labels']
  readonly steps: number
  readonly from_champion: boolean
}

export function useTrain(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (request: RunRequest) => data(api.POST('/api/training-runs', { body: { project, seed: 1, ...request } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['training-runs', project] }),
  })
}

export function useJobCancel(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => data(api.POST('/api/jobs/{id}/cancel', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ['training-runs', project] }),
  })
}

export function usePromote(project: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => data(api.POST('/api/models/{id}/promote', { params: { path: { id } }, body: { project } })),
    onSettled: () => Promise.all([queries.invalidateQueries({ queryKey: ['models'] }), queries.invalidateQueries({ queryKey: ['proposals'] })]),
  })
}

/** A model's report, read with care: an older one may lack parts. */
export interface Report {
  readonly dice: number | null
  readonly before: number | null
  readonly patients: number
  readonly structures: readonly { readonly name: string; readonly before: number | null; readonly after: number | null }[]
  readonly verdict: 'pass' | 'refuse' | 'insufficient' | null
  readonly reasons: readonly string[]
  readonly difference: number | null
  readonly interval: readonly [number, number] | null
  readonly learnedFrom: number
  readonly seconds: number | null
  readonly loss: readonly number[]
}

export function reportOf(raw: unknown): Report {
  const sealed = record(record(raw)['sealed'])
  const [after, before] = [record(sealed['after']), record(sealed['before'])]
  const gate = record(record(raw)['gate'])
  const training = record(record(raw)['training'])
  const interval = gate['interval']
  const verdict = gate['verdict']
  const names = [...new Set([...Object.keys(record(after['structures'])), ...Object.keys(record(before['structures']))])].sort()
  return {
    dice: figure(after['mean']),
    before: figure(before['mean']),
    patients: Object.keys(record(after['patients'])).length,
    structures: names.map((name) => ({ name, before: figure(record(before['structures'])[name]), after: figure(record(after['structures'])[name]) })),
    verdict: verdict === 'pass' || verdict === 'refuse' || verdict === 'insufficient' ? verdict : null,
    reasons: Array.isArray(gate['reasons']) ? gate['reasons'].map(String) : [],
    difference: figure(gate['difference']),
    interval: Array.isArray(interval) && interval.length === 2 ? [Number(interval[0]), Number(interval[1])] : null,
    learnedFrom: figure(training['patients']) ?? 0,
    seconds: figure(training['seconds']),
    loss: Array.isArray(training['loss']) ? training['loss'].map(Number).filter(Number.isFinite) : [],
  }
}

/** The model that proposes in this project: its own champion, else the built-in one. */
export function championOf(models: readonly ModelVersion[]): ModelVersion | null {
  const champions = models.filter(({ state }) => state === 'champion')
  return champions.find(({ project }) => project) ?? champions[0] ?? null
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function figure(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
