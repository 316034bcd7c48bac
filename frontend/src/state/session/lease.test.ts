import { describe, expect, it } from 'vitest'
import { renewalAfter } from './lease'

describe('renewing a lease', () => {
  it('comes after a third of the time that is left', () => {
    expect(renewalAfter(900_000)).toBe(300_000)
    expect(renewalAfter(3000)).toBe(5000)
  })

  it('comes once a minute where the clock of this computer is a day off', () => {
    expect(renewalAfter(900_000 - 86_400_000)).toBe(60_000)
    expect(renewalAfter(900_000 + 86_400_000)).toBe(60_000)
  })
})
