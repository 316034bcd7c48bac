import { describe, expect, it } from 'vitest'
import { outcomeOf } from './account'

const answer = (status: number, body: unknown) => outcomeOf(new Response(JSON.stringify(body), { status }))

describe('an attempt to sign in', () => {
  it('succeeds, or was in already', async () => {
    expect(await answer(200, {})).toEqual({ kind: 'in' })
    expect(await answer(409, {})).toEqual({ kind: 'in' })
  })

  it('asks for a code where the account has a second step', async () => {
    expect(await answer(401, { data: { flows: [{ id: 'mfa_authenticate', is_pending: true }] } })).toEqual({ kind: 'code' })
  })

  it('never says whether the name or the password was wrong', async () => {
    const outcome = await answer(400, { errors: [{ code: 'username_password_mismatch', message: 'x' }] })
    expect(outcome).toMatchObject({ kind: 'wrong', message: expect.stringMatching(/name or the password/) as unknown })
  })

  it('says when signing in is closed for a while', async () => {
    expect((await answer(429, {})).kind).toBe('throttled')
    expect((await answer(400, { errors: [{ code: 'too_many_login_attempts' }] })).kind).toBe('throttled')
  })
})
