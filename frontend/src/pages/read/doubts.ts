/** Where the model was unsure, worst first, from what lies beside its proposal. */
import type { Segment } from '@/state/annotation'
import type { SegmentKey } from '@/state/session'

export interface Doubt extends SegmentKey {
  readonly stack: string
  readonly confidence: number
  readonly slice: number | null
  readonly reasons: readonly string[]
}

export interface Sureness {
  /** Mean entropy per slice of a stack, 0 to 1. */
  readonly entropy: ReadonlyMap<string, readonly number[]>
  readonly confidence: ReadonlyMap<string, number>
  readonly doubts: readonly Doubt[]
  readonly model: string
}

export const NOTHING_KNOWN: Sureness = { entropy: new Map(), confidence: new Map(), doubts: [], model: '' }
export const AMBER = 0.3
const DOUBTFUL_BELOW = 0.7

type Json = Readonly<Record<string, unknown>>
const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {})
const entries = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const figure = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const word = (value: unknown): string => (typeof value === 'string' ? value : '')

export const segmentName = (key: SegmentKey): string => `${key.layer} ${key.id}`

/** Read the uncertainty of a proposal: per stack the entropy of each slice, per structure how sure and which rules it breaks. */
export const surenessOf = (json: unknown, segments: readonly Segment[]): Sureness => {
  const whole = record(json)
  const entropy = new Map<string, readonly number[]>()
  const confidence = new Map<string, number>()
  const doubts: Doubt[] = []
  for (const [stack, value] of Object.entries(record(whole['stacks']))) {
    const part = record(value)
    const slices = entries(part['slices']).map((each) => figure(each) ?? figure(record(each)['entropy']) ?? 0)
    if (slices.length) entropy.set(stack, slices)
    for (const each of entries(part['structures']).map(record)) {
      const layer = word(each['layer'])
      const found = segments.find((segment) => segment.layer === layer && segment.id === each['segment']) ?? segments.find((segment) => segment.structure === each['structure'])
      const sure = figure(each['confidence']) ?? (figure(each['entropy']) === null ? null : 1 - (figure(each['entropy']) ?? 0))
      if (!found || sure === null) continue
      const name = segmentName(found)
      confidence.set(name, Math.min(confidence.get(name) ?? 1, sure))
      const flags = entries(each['flags']).map((flag) => word(flag) || word(record(flag)['message'])).filter((flag) => flag !== '')
      if (sure >= DOUBTFUL_BELOW && !flags.length) continue
      doubts.push({ id: found.id, layer: found.layer, stack, confidence: sure, slice: figure(each['slice']), reasons: flags })
    }
  }
  doubts.sort((a, b) => a.confidence - b.confidence)
  return { entropy, confidence, doubts: doubts.filter((doubt, i) => doubts.findIndex((other) => segmentName(other) === segmentName(doubt)) === i), model: word(whole['model']) }
}
