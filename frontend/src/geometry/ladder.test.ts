import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ladderApply, type LadderFields, type Named } from './ladder'
import { numberingCheck, Refused, sequence, variantName, type BodyFacts, type Ladder, type Variant } from './numbering'

interface Case {
  name: string
  ladder: Ladder
  segments: Named[]
  operation: LadderFields
}
const read = (name: string): unknown => JSON.parse(readFileSync(`../tests/contract/${name}.json`, 'utf8'))
const ladders = read('ladder') as { apply: (Case & { names: (string | null)[]; variant: Variant; counted_from: string | null; structures: string[] })[]; mustFail: (Case & { code: string })[] }
const numbering = read('numbering') as { checks: { name: string; ladder: Ladder; facts: Record<string, BodyFacts>; findings: unknown[] }[]; sequences: { variant: Variant; first: string; last: string; count: number; name: string }[] }
const schema = JSON.parse(readFileSync('../annotation/schemas/spine-core-1.json', 'utf8')) as { structures: { code: string; layer: string }[] }
const layers = new Map(schema.structures.map((structure) => [structure.code, structure.layer]))

describe('the ladder, as in Python', () => {
  it.each(ladders.apply)('$name', (known) => {
    const after = ladderApply(known.ladder, known.segments, known.operation, layers)
    expect(after.ladder.bodies.map((body) => body.name)).toEqual(known.names)
    expect(after.ladder.variant).toEqual(known.variant)
    expect(after.ladder.evidence.counted_from).toEqual(known.counted_from)
    expect(after.segments.map((segment) => segment.structure)).toEqual(known.structures)
    const back = ladderApply(after.ladder, after.segments, after.was, layers)
    expect(back.segments.map((segment) => segment.structure)).toEqual(known.segments.map((segment) => segment.structure))
    expect(back.ladder.bodies.map((body) => body.name)).toEqual(known.ladder.bodies.map((body) => body.name))
    expect(back.ladder.variant).toEqual(known.ladder.variant)
  })

  it.each(ladders.mustFail)('refuses: $name', (known) => {
    let code = ''
    try {
      ladderApply(known.ladder, known.segments, known.operation, layers)
    } catch (error) {
      if (error instanceof Refused) code = error.code
    }
    expect(code).toBe(known.code)
  })
})

describe('numbering, as in Python', () => {
  it.each(numbering.checks)('$name', (known) => {
    expect(numberingCheck(known.ladder, known.facts)).toEqual(known.findings)
  })

  it.each(numbering.sequences)('the names of $name', (known) => {
    const names = sequence(known.variant)
    expect([names[0], names.at(-1), names.length, variantName(known.variant)]).toEqual([known.first, known.last, known.count, known.name])
  })
})
