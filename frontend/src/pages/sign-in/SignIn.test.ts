import { expect, it } from 'vitest'
import { safeNext } from './SignIn'

it('goes only to a path of our own after signing in', () => {
  expect(safeNext('/read/5f3c-1')).toBe('/read/5f3c-1')
  expect(['//evil.example', '/\\evil.example', 'https://evil.example', '/sign-in', 'javascript:alert(1)', null].map(safeNext)).toEqual(Array(6).fill('/'))
})
