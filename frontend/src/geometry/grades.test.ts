import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gradesApply, missingOf, sitesOf, type Form, type Grade, type Grades, type GradesFields } from './grades'
import { Refused, type Ladder } from './numbering'

interface Case {
  name: string
  ladder: Pick<Ladder, 'bodies'>
  operation: GradesFields
}
const cases = JSON.parse(readFileSync('../tests/contract/grades.json', 'utf8')) as {
  sites: (Case & { form: string; sites: string[] })[]
  apply: (Case & { before: Grades; after: unknown })[]
  mustFail: (Case & { code: string })[]
}
const { forms: listed } = JSON.parse(readFileSync('../annotation/forms/spine-forms-1.json', 'utf8')) as { forms: Form[] }
const forms = new Map(listed.map((form) => [form.code, form]))
const bodiesOf = ({ ladder }: Case) => new Set(ladder.bodies.map((body) => body.id))
const plain = (grades: Grades) =>
  Object.fromEntries(Object.entries(grades).map(([form, cells]) => [form, Object.fromEntries(Object.entries(cells).map(([site, { value, modifiers, status }]: [string, Grade]) => [site, { value, modifiers, status }]))]))

describe('grades, as in Python', () => {
  it.each(cases.sites)('sites: $name', (known) => {
    expect(sitesOf(forms.get(known.form)!, known.ladder.bodies)).toEqual(known.sites)
  })

  it.each(cases.apply)('$name', (known) => {
    const { grades, was } = gradesApply(known.before, known.operation, forms, bodiesOf(known))
    expect(plain(grades)).toEqual(known.after)
    expect(plain(gradesApply(grades, was, forms, bodiesOf(known)).grades)).toEqual(plain(known.before))
  })

  it.each(cases.mustFail)('is refused: $name', (known) => {
    const refused = (() => {
      try {
        gradesApply({}, known.operation, forms, bodiesOf(known))
      } catch (error) {
        return error
      }
      return null
    })()
    expect(refused).toBeInstanceOf(Refused)
    expect((refused as Refused).code).toBe(known.code)
  })

  it('an untouched or hollow cell is missing', () => {
    const bodies = cases.sites[1]!.ladder.bodies
    const hollow = { pfirrmann: { [`${bodies[0]!.id}/disc`]: { value: '2', modifiers: {}, status: 'proposed' as const } } }
    expect(missingOf([forms.get('pfirrmann')!], bodies, hollow)).toHaveLength(sitesOf(forms.get('pfirrmann')!, bodies).length)
  })
})
