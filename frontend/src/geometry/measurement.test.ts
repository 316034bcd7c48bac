import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { curveName, curvesOf, type Curve, type PlatedBody } from './cobb'
import { circleThrough } from './lines'
import { measured, measurementsApply, type MeasuredValue, type MeasurementFields } from './measurement'
import { Refused } from './numbering'

interface Contract {
  measured: { name: string; item: MeasurementFields; values: Record<string, MeasuredValue> }[]
  mustFail: { name: string; item: MeasurementFields; code: string }[]
  curves: { name: string; bodies: PlatedBody[]; curves: Curve[] }[]
}
const contract = JSON.parse(readFileSync('../tests/contract/measurement.json', 'utf8')) as Contract

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof Refused) return error.code
    throw error
  }
  return ''
}

describe('measurements, as in Python', () => {
  it.each(contract.measured)('$name', ({ item, values }) => {
    const found = measured(item, new Set()).values
    expect(Object.keys(found)).toEqual(Object.keys(values))
    for (const [name, { value, unit, reason }] of Object.entries(values)) {
      expect([found[name]?.unit, found[name]?.reason]).toEqual([unit, reason])
      if (typeof value === 'number') expect(found[name]?.value).toBeCloseTo(value, 2)
      else expect(found[name]?.value).toBe(value)
    }
  })

  it.each(contract.mustFail)('refuses $name', ({ item, code }) => {
    expect(codeOf(() => measured(item, new Set(['b1'])))).toBe(code)
  })

  it.each(contract.curves)('curves: $name', ({ bodies, curves }) => {
    expect(curvesOf(bodies).map((curve) => ({ ...curve, angle: Math.round(curve.angle * 1000) / 1000 }))).toEqual(curves)
  })
})

describe('measurements in the log', () => {
  const item: MeasurementFields = { id: 'm', definition: 'angle', frame: { kind: 'image', spacing: null, forward: 1 }, points: { a: [1, 0], vertex: [0, 0], b: [0, 1] }, calibration: { source: 'none' } }

  it('take back what was set and what was removed', () => {
    const none = new Set<string>()
    const first = measurementsApply([], { set: [item] }, none)
    const second = measurementsApply(first.items, { set: [{ ...item, points: { a: [1, 0], vertex: [0, 0], b: [1, 1] } }] }, none)
    const third = measurementsApply(second.items, { remove: ['m'] }, none)
    expect([first.items, second.items].map(([each]) => each?.values['angle']?.value)).toEqual([90, 45])
    expect(third.items).toEqual([])
    expect(measurementsApply(third.items, third.was, none).items).toEqual(second.items)
    expect(measurementsApply(second.items, second.was, none).items).toEqual(first.items)
    expect(measurementsApply(first.items, first.was, none).items).toEqual([])
  })
})

describe('names of curves', () => {
  it('go by the apex', () => {
    expect(['T4', 'T8', 'T12', 'L2', null].map(curveName)).toEqual(['PT', 'MT', 'TL-L', 'TL-L', null])
  })
})

describe('a femoral head', () => {
  it('is the circle of its rim, and no circle goes through a line', () => {
    expect(circleThrough([5, 0], [0, 5], [-5, 0])).toEqual({ centre: [0, 0], radius: 5 })
    expect(() => circleThrough([0, 0], [1, 1], [2, 2])).toThrow('circle')
  })
})
