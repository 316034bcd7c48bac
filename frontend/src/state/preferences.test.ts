import { expect, it } from 'vitest'
import { preferences, setPreferences } from './preferences'

it('keeps what a person likes, and nothing of who they are', () => {
  setPreferences({ density: 'touch', project: 'lumbar-demo' })
  expect(preferences().density).toBe('touch')
  expect(Object.keys(JSON.parse(localStorage.getItem('columna.preferences') ?? '{}') as object).sort()).toEqual(['density', 'keys', 'project'])
})
