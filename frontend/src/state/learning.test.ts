import { describe, expect, it } from 'vitest'
import { reportOf } from './learning'

describe('reportOf', () => {
  it('reads the sealed figures before and after, and the gate', () => {
    const report = reportOf({
      sealed: { after: { mean: 0.87, patients: { a: {}, b: {} }, structures: { disc: 0.9 } }, before: { mean: 0.41, structures: { disc: 0.5 } } },
      gate: { verdict: 'pass', reasons: [], difference: 0.46, interval: [0.4, 0.5] },
      training: { patients: 4, seconds: 212.5, loss: [1, 0.5] },
    })
    expect(report).toMatchObject({ dice: 0.87, before: 0.41, patients: 2, verdict: 'pass', difference: 0.46, interval: [0.4, 0.5], learnedFrom: 4, seconds: 212.5 })
    expect(report.structures).toEqual([{ name: 'disc', before: 0.5, after: 0.9 }])
  })

  it('says nothing where a report says nothing', () => {
    expect(reportOf({})).toMatchObject({ dice: null, verdict: null, patients: 0, loss: [], structures: [] })
    expect(reportOf({ sealed: { after: { mean: NaN } }, gate: { verdict: 'odd' } })).toMatchObject({ dice: null, verdict: null })
  })
})
