import { describe, expect, it } from 'vitest'
import { Effort } from './effort'

const clock = () => {
  const time = { now: 0 }
  const effort = new Effort(() => 'a', () => 'L5', () => time.now, () => undefined)
  const pass = (seconds: number, hasSign = false) => {
    for (let at = 0; at < seconds; at += 1) {
      time.now += 1000
      if (hasSign) effort.sign()
      effort.tick()
    }
    return effort.getView()
  }
  return { effort, pass, time }
}

describe('time at a case', () => {
  it('counts a minute after the last sign of somebody, then pauses', () => {
    const { pass } = clock()
    expect(pass(30, true)).toMatchObject({ active: 30, idle: 0, isPaused: false })
    expect(pass(60)).toMatchObject({ active: 90, idle: 0, isPaused: true })
    expect(pass(25)).toMatchObject({ active: 90, idle: 25, isPaused: true })
    expect(pass(5, true)).toMatchObject({ isPaused: false })
  })

  it('gives active time to the structure in hand', () => {
    const { pass } = clock()
    expect(pass(12, true).structures).toEqual({ L5: 12 })
  })

  it('counts a slept-through hour as a pause', () => {
    const { effort, pass, time } = clock()
    pass(10, true)
    time.now += 3_600_000
    effort.tick()
    expect(effort.getView()).toMatchObject({ active: 70, idle: 3540 })
  })

  it('counts nothing before the case is open', () => {
    const time = { now: 0 }
    const effort = new Effort(() => '', () => null, () => time.now)
    time.now = 5000
    effort.tick()
    expect(effort.getView().active).toBe(0)
  })
})
