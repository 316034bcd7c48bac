import { describe, expect, it } from 'vitest'
import { ApiError, UnreachableError } from './client'
import { noticeOf } from './notice'

const said = (status: number, code: string, message = 'As the server says.', state = {}) => noticeOf(new ApiError(status, code, message, state, 'r-9'))

describe('noticeOf', () => {
  it('says what happened, what is safe and what to do, for every error', () => {
    const all = [400, 401, 403, 404, 409, 410, 413, 429, 500, 503].map((status) => said(status, 'x')).concat([noticeOf(new UnreachableError('')), noticeOf(new Error('internal words'))])
    expect(all.filter(({ what, safe, todo }) => what === '' || safe === '' || todo === '')).toEqual([])
  })

  it('never repeats the words of an error that is not the server’s', () => {
    expect(JSON.stringify(noticeOf(new Error('patient Doe')))).not.toContain('Doe')
  })

  it('gives the reference only where the operator can use it', () => {
    expect(said(500, 'x').reference).toBe('r-9')
    expect(said(409, 'x').reference).toBe('')
  })

  it('tells the ways of losing a case apart', () => {
    const words = ['lease_held', 'lease_expired', 'stale_revision', 'already_submitted'].map((code) => said(409, code).what)
    expect(new Set(words).size).toBe(4)
  })

  it('joins the faults of fields to a sentence', () => {
    expect(said(400, 'invalid', 'Some fields are not right.', { fields: { ae_title: ['Too long.'] } }).what).toBe('ae title: Too long.')
  })
})
