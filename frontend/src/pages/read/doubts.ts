/** Where the model was unsure, worst first, from what lies beside its proposal. */
import type { StackManifest } from '@/geometry/stack'
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
  /** Why the model would not swear to the names of the levels. */
  readonly numbering: string | null
}

export const NOTHING_KNOWN: Sureness = { entropy: new Map(), confidence: new Map(), doubts: [], numbering: null }
/** Where the model calls a structure doubtful; the strip is amber above it. */
export const AMBER = 0.25

type Json = Readonly<Record<string, unknown>>
const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {})
const figure = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const word = (value: unknown): string => (typeof value === 'string' ? value : '')

export const segmentName = (key: SegmentKey): string => `${key.layer} ${key.id}`

/**
 * Read the uncertainty of a proposal: `stacks` by id, each with `layers` of segment ids, each with its mean entropy, the word
 * for it, the mean on every slice (by slice key) and, where a rule is broken, `flags`. Worst first.
 */
export const surenessOf = (json: unknown, segments: readonly Segment[], manifests: readonly StackManifest[]): Sureness => {
  const entropy = new Map<string, number[]>()
  const confidence = new Map<string, number>()
  const worst = new Map<string, Doubt>()
  let numbering: string | null = null
  for (const [stack, value] of Object.entries(record(record(json)['stacks']))) {
    const manifest = manifests.find((each) => each.stack === stack)
    if (!manifest) continue
    const place = new Map(manifest.slices.map((slice, index) => [slice.key, index]))
    const line = new Array<number>(manifest.slices.length).fill(0)
    numbering ??= word(record(record(value)['numbering'])['reason']) || null
    for (const [layer, table] of Object.entries(record(record(value)['layers']))) {
      for (const [id, entry] of Object.entries(record(table))) {
        const segment = segments.find((each) => each.layer === layer && each.id === Number(id))
        const mean = figure(record(entry)['mean'])
        const flags = record(entry)['flags']
        const reasons = (Array.isArray(flags) ? flags : []).map(word).filter((flag) => flag !== '')
        if (!segment || (mean === null && !reasons.length)) continue
        let top: { slice: number; value: number } | null = null
        for (const [key, found] of Object.entries(record(record(entry)['slices']))) {
          const slice = place.get(key)
          const here = figure(found)
          if (slice === undefined || here === null) continue
          line[slice] = Math.max(line[slice] ?? 0, here)
          if (!top || here > top.value) top = { slice, value: here }
        }
        const name = segmentName(segment)
        if (mean !== null) confidence.set(name, Math.min(confidence.get(name) ?? 1, 1 - mean))
        if (word(record(entry)['level']) !== 'doubtful' && !reasons.length) continue
        const before = worst.get(name)
        const sure = mean === null ? 1 : 1 - mean
        const said = [...(mean === null ? [] : [`entropy ${mean.toFixed(2)}${top ? `, highest on slice ${top.slice + 1} (${top.value.toFixed(2)})` : ''}`]), ...reasons]
        if (!before || before.confidence > sure) worst.set(name, { id: segment.id, layer, stack, confidence: sure, slice: top?.slice ?? null, reasons: said })
      }
    }
    entropy.set(stack, line)
  }
  return { entropy, confidence, numbering, doubts: [...worst.values()].sort((a, b) => a.confidence - b.confidence) }
}
