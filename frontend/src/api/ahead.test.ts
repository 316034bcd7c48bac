import { afterEach, expect, test, vi } from 'vitest'
import { askAhead, takeAhead } from './ahead'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const server = () => vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response('17'))))

test('what was asked ahead is handed over whole, once, and only to who asks the same', async () => {
  server()
  expect(await (await askAhead('/api/me'))?.text()).toBe('17')
  expect(takeAhead('/api/me', 'image/jphc')).toBeUndefined()
  expect(await (await takeAhead('/api/me', 'application/json'))?.text()).toBe('17')
  expect(takeAhead('/api/me', 'application/json')).toBeUndefined()
})

test('what nobody asked for is forgotten before it is old', async () => {
  vi.useFakeTimers()
  server()
  await askAhead('/api/cases/1')
  vi.advanceTimersByTime(15_000)
  expect(takeAhead('/api/cases/1', 'application/json')).toBeUndefined()
})

test('an answer that never came is asked for again', async () => {
  vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('no network'))))
  expect(await askAhead('/api/me')).toBeNull()
  expect(takeAhead('/api/me', 'application/json')).toBeUndefined()
})
