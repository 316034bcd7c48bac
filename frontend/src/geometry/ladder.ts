/** What can be done to a ladder: naming one body names all, and a segment follows its body. The twin of `annotation/geometry/ladder.py`. */
import { COUNTED_FROM, emptyLadder, ladderOf, namesFrom, NORMAL, Refused, sequence, variantOf, type Body, type Ladder, type Variant } from './numbering'

const LAYER = 'instances'
const MAX_BODIES = 40
const WORD = /^[A-Za-z0-9-]{1,36}$/

export interface Named {
  readonly id: number
  readonly layer: string
  readonly structure: string
}

/** A `ladder` operation without what every operation has. */
export interface LadderFields {
  readonly action: string
  readonly body?: string | null
  readonly name?: string | null
  readonly by?: number
  readonly anchor?: string | null
  readonly variant?: Partial<Variant>
  readonly evidence?: unknown
  readonly unsure?: boolean
  readonly ladder?: Partial<Ladder>
  readonly segments?: readonly Named[]
}

export interface LadderOutcome<Segment extends Named> {
  readonly ladder: Ladder
  readonly segments: Segment[]
  /** The fields of an operation that takes it back. */
  readonly was: LadderFields
}

const bad = (message: string): Refused => new Refused('bad_operation', message)

/** The ladder and segments after an operation; throws Refused. `layers` are the protocol's structures, `schema` all of the schema's (code → layer). */
export const ladderApply = <Segment extends Named>(stored: Partial<Ladder>, segments: readonly Segment[], operation: LadderFields, layers: ReadonlyMap<string, string>, schema: ReadonlyMap<string, string> = layers): LadderOutcome<Segment> => {
  const before = ladderOf(stored)
  const act = ACTIONS[operation.action]
  if (!act) throw bad(`${operation.action} is nothing that can be done to a ladder.`)
  const ladder = act(before, operation)
  const named = namedSegments(ladder, segments, layers)
  const table = overridden(named, operation.segments ?? [], schema)
  const changed = segments.filter((segment, i) => segment.structure !== table[i]!.structure)
  return {
    ladder,
    segments: table,
    was: { action: 'set', ladder: { bodies: before.bodies, variant: before.variant, evidence: before.evidence, unsure: before.unsure }, segments: changed.map(({ id, layer, structure }) => ({ id, layer, structure })) },
  }
}

const overridden = <Segment extends Named>(table: Segment[], overrides: readonly Named[], schema: ReadonlyMap<string, string>): Segment[] => {
  const wanted = new Map(overrides.map((each) => [`${each.layer} ${each.id}`, each]))
  for (const each of wanted.values()) if (schema.get(each.structure) !== each.layer) throw new Refused('unknown_value', `${each.structure} is not a structure of the layer ${each.layer}.`)
  return table.map((segment) => ({ ...segment, structure: wanted.get(`${segment.layer} ${segment.id}`)?.structure ?? segment.structure }))
}

const set = (ladder: Ladder, operation: LadderFields): Ladder => {
  const sent = operation.ladder
  if (typeof sent !== 'object') throw bad("'ladder' is an object.")
  const after = { ...ladder, ...sent }
  return { variant: variantOf(after.variant), evidence: evidenceOf(after.evidence), unsure: after.unsure, bodies: bodiesOf(after.bodies) }
}

const bodiesOf = (sent: readonly Body[]): Body[] => {
  if (!Array.isArray(sent) || sent.length > MAX_BODIES) throw bad(`'bodies' is a list of at most ${MAX_BODIES} bodies, from the skull down.`)
  const bodies = sent.map(bodyOf)
  for (const name of ['id', 'segment', 'disc'] as const) {
    const given = bodies.map((body) => body[name]).filter((value) => value !== null)
    if (new Set(given).size !== given.length) throw bad(`Two bodies have the same ${name}.`)
  }
  return bodies
}

const bodyOf = (sent: Partial<Body>): Body => {
  const body: Body = { id: sent.id ?? '', name: sent.name ?? null, segment: sent.segment ?? null, disc: sent.disc ?? null, point: sent.point ?? null, unsure: sent.unsure ?? false }
  if (typeof body.id !== 'string' || !WORD.test(body.id)) throw bad("A body's id is a word of letters, digits and hyphens.")
  if (body.name !== null && !sequence({ ...NORMAL, thoracic: 13, lumbar: 6 }).includes(body.name)) throw bad(`${body.name} is not the name of a level.`)
  for (const part of [body.segment, body.disc]) if (part !== null && !(Number.isInteger(part) && part >= 1 && part <= 255)) throw bad("A body's segment and disc are segment ids.")
  if (body.point !== null && !(Array.isArray(body.point) && body.point.length === 3 && body.point.every((value) => typeof value === 'number' && Math.abs(value) < 1e6))) throw bad("A body's point is [x, y, z] in mm.")
  return body
}

const evidenceOf = (sent: unknown): Ladder['evidence'] => {
  const counted: unknown = typeof sent === 'object' && sent !== null ? ((sent as { counted_from?: unknown }).counted_from ?? null) : (sent ?? null)
  if (counted !== null && !(COUNTED_FROM as readonly unknown[]).includes(counted)) throw bad(`A numbering is counted from one of ${COUNTED_FROM.join(', ')}.`)
  return { counted_from: counted as string | null }
}

const find = (ladder: Ladder, id: unknown): number => {
  const index = ladder.bodies.findIndex((body) => body.id === id)
  if (index === -1) throw new Refused('unknown_body', 'The ladder has no such body.')
  return index
}

const renamed = (ladder: Ladder, names: readonly string[]): Ladder => ({ ...ladder, bodies: ladder.bodies.map((body, i) => ({ ...body, name: names[i]! })) })

const number = (ladder: Ladder, operation: LadderFields): Ladder => {
  const index = find(ladder, operation.body)
  return renamed(ladder, namesFrom(ladder.bodies.length, index, operation.name ?? 'None', ladder.variant))
}

const anchorOf = (ladder: Ladder, operation: LadderFields): { index: number; name: string } => {
  let named = ladder.bodies.flatMap((body, index) => (body.name ? [{ index, name: body.name }] : []))
  if (operation.anchor !== undefined && operation.anchor !== null) {
    const index = find(ladder, operation.anchor)
    named = named.filter((each) => each.index === index)
  }
  const fromAbove = ladder.evidence.counted_from === 'C2' || ladder.evidence.counted_from === 'rib'
  const found = fromAbove ? named[0] : named.at(-1)
  if (!found) throw new Refused('unnumbered', 'No body has a name yet. Name one first.')
  return found
}

const shift = (ladder: Ladder, operation: LadderFields): Ladder => {
  if (operation.by !== 1 && operation.by !== -1) throw bad('A shift is by 1 or by -1.')
  const { index, name } = anchorOf(ladder, operation)
  const chain = sequence(ladder.variant)
  const place = chain.includes(name) ? chain.indexOf(name) + operation.by : -1
  const wanted = chain[place]
  if (wanted === undefined) throw new Refused('out_of_levels', 'The chain would run past the skull or the coccyx.')
  return renamed(ladder, namesFrom(ladder.bodies.length, index, wanted, ladder.variant))
}

const variant = (ladder: Ladder, operation: LadderFields): Ladder => {
  if (typeof operation.variant !== 'object') throw bad("'variant' is an object.")
  const after = { ...ladder, variant: variantOf(operation.variant) }
  if (!ladder.bodies.some((body) => body.name)) return after
  const { index, name } = anchorOf(ladder, operation)
  return renamed(after, namesFrom(after.bodies.length, index, name, after.variant))
}

const unsure = (ladder: Ladder, operation: LadderFields): Ladder => {
  const value = Boolean(operation.unsure)
  if (operation.body === undefined || operation.body === null) return { ...ladder, unsure: value }
  const index = find(ladder, operation.body)
  return { ...ladder, bodies: ladder.bodies.map((body, i) => (i === index ? { ...body, unsure: value } : body)) }
}

const ACTIONS: Readonly<Record<string, (ladder: Ladder, operation: LadderFields) => Ladder>> = {
  set,
  number,
  shift,
  variant,
  evidence: (ladder, operation) => ({ ...ladder, evidence: evidenceOf(operation.evidence) }),
  unsure,
}

const namedSegments = <Segment extends Named>(ladder: Ladder, segments: readonly Segment[], layers: ReadonlyMap<string, string>): Segment[] => {
  const wanted = new Map<number, string>()
  for (const body of ladder.bodies) {
    if (body.name && body.segment) wanted.set(body.segment, body.name)
    if (body.name && body.disc) wanted.set(body.disc, `IVD_${body.name}`)
  }
  const missing = [...wanted.values()].filter((code) => layers.get(code) !== LAYER)
  if (missing.length) throw new Refused('unknown_value', `${[...new Set(missing)].sort().join(', ')}: not a structure of this protocol.`)
  return segments.map((segment) => (segment.layer === LAYER && wanted.has(segment.id) ? { ...segment, structure: wanted.get(segment.id)! } : segment))
}

/** A first ladder from masks: bodies by the height of their middles (mm LPS), discs by the body right above them. */
export const ladderFromSegments = (segments: readonly Named[], categories: ReadonlyMap<string, string>, centres: ReadonlyMap<number, readonly number[]>): Ladder => {
  const entries = segments.filter((entry) => entry.layer === LAYER && centres.has(entry.id))
  const height = (entry: Named): number => centres.get(entry.id)![2]!
  const kind = (entry: Named): string => categories.get(entry.structure) ?? ''
  const rows = entries
    .filter((entry) => ['vertebra', 'sacrum'].includes(kind(entry)))
    .sort((a, b) => height(b) - height(a))
    .map((entry) => ({ id: `b${entry.id}`, name: entry.structure, segment: entry.id, disc: null as number | null, point: [...centres.get(entry.id)!], unsure: false }))
  for (const disc of entries.filter((entry) => kind(entry) === 'disc')) {
    const above = rows.filter((row) => row.point[2]! > height(disc)).at(-1)
    if (above?.disc === null) above.disc = disc.id
  }
  const names = new Set(rows.map((row) => row.name))
  return { ...emptyLadder(), bodies: rows, variant: { ...NORMAL, thoracic: names.has('T13') ? 13 : 12, lumbar: names.has('L6') ? 6 : 5 } }
}
