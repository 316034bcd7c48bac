/** The names of a spine's levels, their variants, and the rules a numbering must keep: the twin of `annotation/geometry/numbering.py`. */

export interface Variant {
  readonly thoracic: number
  readonly lumbar: number
  readonly transition: 'sacralised' | 'lumbarised' | null
  readonly castellvi: string | null
}

export interface Body {
  /** Opaque and lasting: grades and measurements hang on it whatever the body is called. */
  readonly id: string
  readonly name: string | null
  readonly segment: number | null
  readonly disc: number | null
  readonly point: readonly number[] | null
  readonly unsure: boolean
}

export interface Ladder {
  readonly bodies: readonly Body[]
  readonly variant: Variant
  readonly evidence: { readonly counted_from: string | null }
  readonly unsure: boolean
}

export interface BodyFacts {
  readonly height?: number
  readonly disc_height?: number
  readonly islands?: number
}

export interface Finding {
  readonly rule: 'unnamed' | 'unknown_name' | 'duplicate' | 'order' | 'gap' | 'disc_place' | 'islands' | 'no_evidence' | 'unsure'
  readonly severity: 'error' | 'warning'
  readonly bodies: readonly string[]
}

/** What was asked cannot be done; `code` is the same word in Python and here. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

export const NORMAL: Variant = { thoracic: 12, lumbar: 5, transition: null, castellvi: null }
/** Castellvi et al. 1984. */
export const CASTELLVI = ['Ia', 'Ib', 'IIa', 'IIb', 'IIIa', 'IIIb', 'IV'] as const
export const COUNTED_FROM = ['C2', 'rib', 'iliolumbar', 'sacrum', 'localizer', 'prior', 'unsure'] as const
const SACRAL = ['SAC', 'S2', 'S3', 'S4', 'S5', 'COC']

export const emptyLadder = (): Ladder => ({ bodies: [], variant: NORMAL, evidence: { counted_from: null }, unsure: false })

/** Whatever the server keeps, with what is missing as in an empty ladder. */
export const ladderOf = (stored: Partial<Ladder> | null | undefined): Ladder => ({ ...emptyLadder(), ...stored })

export const variantOf = (sent: Partial<Variant>): Variant => {
  const variant = { ...NORMAL, ...Object.fromEntries(Object.keys(NORMAL).flatMap((name) => (name in sent ? [[name, sent[name as keyof Variant]]] : []))) }
  const known = [11, 12, 13].includes(variant.thoracic) && [4, 5, 6].includes(variant.lumbar) && [null, 'sacralised', 'lumbarised'].includes(variant.transition) && (variant.castellvi === null || (CASTELLVI as readonly string[]).includes(variant.castellvi))
  if (!known) throw new Refused('bad_operation', 'A variant has 11 to 13 thoracic and 4 to 6 lumbar vertebrae, and a transition with its Castellvi type or none.')
  return variant
}

/** normal, T11, T13, L4, L6, sacralised, lumbarised, or several joined by +. */
export const variantName = (variant: Variant): string => {
  const words = [variant.thoracic === 12 ? '' : `T${variant.thoracic}`, variant.lumbar === 5 ? '' : `L${variant.lumbar}`, variant.transition ?? '']
  return words.filter((word) => word !== '').join('+') || 'normal'
}

/** Every name of this spine from the skull down. */
export const sequence = (variant: Variant): string[] => {
  const part = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
  return [...part('C', 7), ...part('T', variant.thoracic), ...part('L', variant.lumbar), ...SACRAL]
}

/** The names of `count` bodies from the skull down when the one at `index` is called `name`; throws Refused `out_of_levels`. */
export const namesFrom = (count: number, index: number, name: string, variant: Variant): string[] => {
  const chain = sequence(variant)
  if (!chain.includes(name)) throw new Refused('out_of_levels', `A spine of the variant ${variantName(variant)} has no ${name}.`)
  const start = chain.indexOf(name) - index
  if (start < 0 || start + count > chain.length) throw new Refused('out_of_levels', `With this body called ${name}, the others run past the ${start < 0 ? 'skull' : 'coccyx'}.`)
  return chain.slice(start, start + count)
}

const finding = (rule: Finding['rule'], severity: Finding['severity'], bodies: readonly string[] = []): Finding => ({ rule, severity, bodies })

/** What is wrong with a ladder, from the skull down. `facts` adds what masks know of a body: heights in mm towards the head, separate parts. */
export const numberingCheck = (ladder: Ladder, facts: Readonly<Record<string, BodyFacts>> = {}): Finding[] => {
  const variant = variantName(ladder.variant)
  const counted = ladder.evidence.counted_from
  const findings = [...checkNames(ladder.bodies, sequence(ladder.variant)), ...checkPlaces(ladder.bodies, facts)]
  if (ladder.bodies.length && variant !== 'normal' && (counted === null || counted === 'unsure')) findings.push(finding('no_evidence', 'warning'))
  const unsure = ladder.bodies.filter((body) => body.unsure).map((body) => body.id)
  if (unsure.length || ladder.unsure) findings.push(finding('unsure', 'warning', unsure))
  return findings
}

const checkNames = (bodies: readonly Body[], chain: readonly string[]): Finding[] => {
  const findings: Finding[] = []
  const unnamed = bodies.filter((body) => !body.name).map((body) => body.id)
  if (unnamed.length) findings.push(finding('unnamed', 'error', unnamed))
  const foreign = bodies.filter((body) => body.name && !chain.includes(body.name)).map((body) => body.id)
  if (foreign.length) findings.push(finding('unknown_name', 'error', foreign))
  const known = bodies.flatMap((body) => (body.name && chain.includes(body.name) ? [{ id: body.id, place: chain.indexOf(body.name) }] : []))
  const twice = known.filter((each) => known.filter((other) => other.place === each.place).length > 1).map((each) => each.id)
  if (twice.length) findings.push(finding('duplicate', 'error', twice))
  known.slice(1).forEach((lower, i) => {
    const upper = known[i]!
    if (lower.place < upper.place) findings.push(finding('order', 'error', [upper.id, lower.id]))
    else if (lower.place > upper.place + 1) findings.push(finding('gap', 'error', [upper.id, lower.id]))
  })
  return findings
}

const checkPlaces = (bodies: readonly Body[], facts: Readonly<Record<string, BodyFacts>>): Finding[] => {
  const findings: Finding[] = []
  const seen = bodies.flatMap((body) => (facts[body.id]?.height === undefined ? [] : [{ id: body.id, height: facts[body.id]!.height! }]))
  seen.slice(1).forEach((lower, i) => {
    if (lower.height >= seen[i]!.height) findings.push(finding('order', 'error', [seen[i]!.id, lower.id]))
  })
  bodies.forEach((body, i) => {
    const following = bodies[i + 1]
    const disc = facts[body.id]?.disc_height
    const above = facts[body.id]?.height
    const below = following && facts[following.id]?.height
    if (disc !== undefined && ((above !== undefined && disc >= above) || (below !== undefined && disc <= below))) findings.push(finding('disc_place', 'error', [body.id, ...(following ? [following.id] : [])]))
  })
  const broken = bodies.filter((body) => (facts[body.id]?.islands ?? 1) > 1).map((body) => body.id)
  if (broken.length) findings.push(finding('islands', 'warning', broken))
  return findings
}
