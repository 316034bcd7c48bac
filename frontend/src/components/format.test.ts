import { describe, expect, it } from 'vitest'
import { bytes, duration, plural, shortDigest, when } from './format'

describe('format', () => {
  it('counts in words', () => {
    expect([plural(0, 'case'), plural(1, 'case'), plural(1204, 'case'), plural(2, 'study', 'studies')]).toEqual(['no cases', '1 case', '1,204 cases', '2 studies'])
  })

  it('writes bytes with two or three figures', () => {
    expect([bytes(0), bytes(999), bytes(1940), bytes(1_900_000_000), bytes(340_000)]).toEqual(['0 B', '999 B', '1.9 kB', '1.9 GB', '340 kB'])
  })

  it('writes durations as a clock would', () => {
    expect([duration(8), duration(161), duration(3900)]).toEqual(['8 s', '2:41 min', '1 h 05 min'])
  })

  it('shortens a digest but never a short one', () => {
    expect(shortDigest('9f3c71ae' + '0'.repeat(52) + '0b4d')).toBe('9f3c 71ae … 0b4d')
    expect(shortDigest('abc')).toBe('abc')
  })

  it('says how long ago, then the clock, then the day', () => {
    const now = new Date('2026-03-20T16:00:00')
    expect(when('2026-03-20T15:59:40', now)).toBe('just now')
    expect(when('2026-03-20T15:56:00', now)).toBe('4 min ago')
    expect(when('2026-03-20T09:14:00', now)).toBe('09:14')
    expect(when('2026-03-18T16:20:00', now)).toBe('Wednesday 16:20')
    expect(when('2026-01-09T10:00:00', now)).toBe('9 January 2026')
    expect(when('nonsense', now)).toBe('–')
  })
})
