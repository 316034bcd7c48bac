/** What is wrong with a numbering, in words. */
import { numberingCheck, type BodyFacts, type Finding, type Ladder } from '@/geometry/numbering'
import { nameOf } from '@/state/structure'

const RULES: Readonly<Record<Finding['rule'], string>> = {
  unnamed: 'has no name',
  unknown_name: 'is no level of this variant',
  duplicate: 'are called the same',
  order: 'are out of order',
  gap: 'leave a gap',
  disc_place: 'have a disc in the wrong place',
  islands: 'is in several parts',
  no_evidence: 'The variant needs what it was counted from.',
  unsure: 'Marked unsure.',
}

export interface Said extends Finding {
  readonly words: string
}

export const findingsOf = (ladder: Ladder, facts: Readonly<Record<string, BodyFacts>>): Said[] => {
  const names = new Map(ladder.bodies.map((body) => [body.id, nameOf(body.name ?? '?')]))
  return numberingCheck(ladder, facts).map((finding) => ({ ...finding, words: `${finding.bodies.map((id) => names.get(id) ?? '').join(', ')} ${RULES[finding.rule]}`.trim() }))
}

const WORDS: Readonly<Record<string, string>> = { S1: 'SAC', S: 'SAC', SACRUM: 'SAC', COCCYX: 'COC' }

/** What a reader typed, as the name of a level: "l5", "T 12", "s1"; null when it is none of this spine. */
export const levelTyped = (text: string, chain: readonly string[]): string | null => {
  const word = text.replace(/\s/g, '').toUpperCase()
  const name = WORDS[word] ?? word
  return chain.includes(name) ? name : null
}
