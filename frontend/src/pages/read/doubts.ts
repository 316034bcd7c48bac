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

/** Why the model proposes a grade. */
export interface Evidence {
  readonly value: string
  readonly confidence: number | null
  readonly reason: string
}

export interface Sureness {
  /** Mean entropy per slice of a stack, 0 to 1. */
  readonly entropy: ReadonlyMap<string, readonly number[]>
  readonly confidence: ReadonlyMap<string, number>
  readonly doubts: readonly Doubt[]
  /** Why grades are proposed, by form and site: `genant b4`. */
  readonly grades: ReadonlyMap<string, Evidence>
  /** Why the model would not swear to the names of the levels. */
  readonly numbering: string | null
}

export const NOTHING_KNOWN: Sureness = { entropy: new Map(), confidence: new Map(), doubts: [], grades: new Map(), numbering: null }
/** Where the model calls a structure doubtful; the strip is amber above it. */
export const AMBER = 0.25

type Json = Readonly<Record<string, unknown>>
const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {})
const figure = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const word = (value: unknown): string => (typeof value === 'string' ? value : '')

export const segmentName = (key: SegmentKey): string => `${key.layer} ${key.id}`

/**
 * Read the uncertainty of a proposal: `stacks` by id, each with `layers` of segment ids, each with its mean entropy and the mean
 * on every slice (by slice key); `doubts` is the server's list of the places to look at, worst first, the same that the worklist counts.
 */
export const surenessOf = (json: unknown, segments: readonly Segment[], manifests: readonly StackManifest[]): Sureness => {
  const entropy = new Map<string, number[]>()
  const confidence = new Map<string, number>()
  const places = new Map(manifests.map((manifest) => [manifest.stack, new Map(manifest.slices.map((slice, index) => [slice.key, index]))]))
  let numbering: string | null = null
  for (const [stack, value] of Object.entries(record(record(json)['stacks']))) {
    const place = places.get(stack)
    if (!place) continue
    const line = new Array<number>(place.size).fill(0)
    numbering ??= word(record(record(value)['numbering'])['reason']) || null
    for (const [layer, table] of Object.entries(record(record(value)['layers']))) {
      for (const [id, entry] of Object.entries(record(table))) {
        const segment = segments.find((each) => each.layer === layer && each.id === Number(id))
        const mean = figure(record(entry)['mean'])
        if (!segment) continue
        for (const [key, found] of Object.entries(record(record(entry)['slices']))) {
          const slice = place.get(key)
          if (slice !== undefined) line[slice] = Math.max(line[slice] ?? 0, figure(found) ?? 0)
        }
        const name = segmentName(segment)
        if (mean !== null) confidence.set(name, Math.min(confidence.get(name) ?? 1, 1 - mean))
      }
    }
    entropy.set(stack, line)
  }
  return { entropy, confidence, numbering, doubts: doubtsOf(json, segments, places, manifests), grades: evidenceOf(json) }
}

const evidenceOf = (json: unknown): ReadonlyMap<string, Evidence> =>
  new Map(
    Object.entries(record(record(json)['grades'])).flatMap(([form, sites]) =>
      Object.entries(record(sites)).map(([site, cell]) => [`${form} ${site}`, { value: word(record(cell)['value']), confidence: figure(record(cell)['confidence']), reason: word(record(cell)['reason']) }] as const),
    ),
  )

const wordsOf = (list: unknown): string[] => (Array.isArray(list) ? list.map(word) : [])

/** What rules say of a structure, each with the series that says it, unless every series of the case says the same. */
const flagsOf = (flags: readonly string[], json: unknown, segment: Segment, manifests: readonly StackManifest[]): string[] => {
  const said = manifests.map(({ stack, description, modality }) => {
    const told = record(record(record(record(record(json)['stacks'])[stack])['layers'])[segment.layer])[segment.id]
    return { name: description ?? modality, flags: wordsOf(record(told)['flags']) }
  })
  return flags.map((flag) => {
    const series = said.filter((each) => each.flags.includes(flag))
    return !series.length || series.length === manifests.length ? flag : `${flag} (${series.map(({ name }) => name).join(', ')})`
  })
}

const doubtsOf = (json: unknown, segments: readonly Segment[], places: ReadonlyMap<string, ReadonlyMap<string, number>>, manifests: readonly StackManifest[]): Doubt[] => {
  const listed = record(json)['doubts']
  return (Array.isArray(listed) ? listed.map(record) : []).flatMap((doubt) => {
    const segment = segments.find((each) => each.layer === doubt['layer'] && each.id === doubt['id'])
    if (!segment) return []
    const stack = word(doubt['stack'])
    const slice = places.get(stack)?.get(word(doubt['slice'])) ?? null
    const [mean, peak] = [figure(doubt['entropy']), figure(doubt['peak'])]
    const flags = flagsOf(wordsOf(doubt['flags']), json, segment, manifests)
    const said = mean === null ? [] : [`entropy ${mean.toFixed(2)}${slice !== null && peak !== null ? `, highest on slice ${slice + 1} (${peak.toFixed(2)})` : ''}`]
    return [{ id: segment.id, layer: segment.layer, stack, slice, confidence: figure(doubt['confidence']) ?? 1, reasons: [...said, ...flags] }]
  })
}
