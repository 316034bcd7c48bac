/** What the model makes of each case, and how sure it is. */
import { useQuery } from '@tanstack/react-query'
import { getJson } from '@/api/client'
import type { Page } from '@/api/types'

export interface Prediction {
  readonly case: string
  readonly model: string
  readonly confidence: number | null
  readonly doubtful: number | null
  readonly reasons: readonly { readonly text: string; readonly share: number | null }[]
  readonly skipped: string
  readonly at: string
}

interface PredictionAnswer {
  case: string
  model_version?: string
  model_name?: string
  scores?: { confidence?: number; doubtful?: number | unknown[]; reasons?: (string | { text: string; share?: number })[] }
  skipped_reason?: string
  created_at: string
}

/** The newest prediction of each case. Empty where this person may not see predictions: the worklist goes on without. */
export function usePredictions(project: string, active: boolean) {
  return useQuery({
    queryKey: ['predictions', project],
    enabled: active && project !== '',
    refetchInterval: 8000,
    queryFn: async () => byCase((await getJson<Page<PredictionAnswer>>(`/api/predictions?project=${encodeURIComponent(project)}&limit=1000`)).results),
  })
}

function byCase(answers: readonly PredictionAnswer[]): ReadonlyMap<string, Prediction> {
  const found = new Map<string, Prediction>()
  for (const answer of answers) {
    const prediction = predictionOf(answer)
    const known = found.get(prediction.case)
    if (!known || known.at < prediction.at) found.set(prediction.case, prediction)
  }
  return found
}

function predictionOf({ case: id, scores = {}, model_name = '', skipped_reason = '', created_at }: PredictionAnswer): Prediction {
  const doubtful = Array.isArray(scores.doubtful) ? scores.doubtful.length : (scores.doubtful ?? null)
  const reasons = (scores.reasons ?? []).map((reason) => (typeof reason === 'string' ? { text: reason, share: null } : { text: reason.text, share: reason.share ?? null }))
  return { case: id, model: model_name, confidence: scores.confidence ?? null, doubtful, reasons, skipped: skipped_reason, at: created_at }
}
