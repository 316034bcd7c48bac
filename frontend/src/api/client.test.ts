import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, csrfToken, getJson, onSignedOut, send, sendJson, UnreachableError } from './client'

const answer = (status: number, body: unknown = null) => new Response(body === null ? null : JSON.stringify(body), { status, headers: { 'X-Request-Id': 'r-1' } })
let asked: Request[] = []

function serve(give: () => Response | Promise<Response>) {
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push(new Request(new URL(path, 'http://columna.test'), init))
    return Promise.resolve(give())
  })
}

beforeEach(() => {
  asked = []
  document.cookie = 'csrftoken=abc123'
})
afterEach(() => vi.unstubAllGlobals())

describe('what is sent', () => {
  it('shows the CSRF token when it writes, and not when it reads', async () => {
    serve(() => answer(200, {}))
    await getJson('/api/me')
    await sendJson('POST', '/api/cases/next', { project: 'p' })
    expect(asked.map((request) => request.headers.get('X-CSRFToken'))).toEqual([null, 'abc123'])
    expect(await asked[1]?.json()).toEqual({ project: 'p' })
  })

  it('finds the token among other cookies', () => {
    expect(csrfToken('a=1; csrftoken=xyz; b=2')).toBe('xyz')
    expect(csrfToken('xcsrftoken=no')).toBe('')
  })
})

describe('what comes back', () => {
  it('is an error with code, sentence, state and reference where the server says no', async () => {
    serve(() => answer(409, { error: { code: 'stale_revision', message: 'It has moved on.', state: { seq: 7 } } }))
    const error: unknown = await send('/api/annotations/1/submit').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ status: 409, code: 'stale_revision', message: 'It has moved on.', state: { seq: 7 }, requestId: 'r-1' })
  })

  it('tells of a lost session once for each answer that says so, whatever its status', async () => {
    const lost = vi.fn()
    const stop = onSignedOut(lost)
    serve(() => answer(403, { error: { code: 'not_authenticated', message: 'Sign in.', state: {} } }))
    await expect(getJson('/api/me')).rejects.toMatchObject({ status: 401 })
    stop()
    await expect(getJson('/api/me')).rejects.toMatchObject({ status: 401 })
    expect(lost).toHaveBeenCalledTimes(1)
  })

  it('is a page of some proxy: an error without its words', async () => {
    serve(() => new Response('<html>secret</html>', { status: 502 }))
    await expect(getJson('/api/me')).rejects.toMatchObject({ status: 502, code: 'http_502', message: 'The server answered 502 without a reason.' })
  })

  it('is nothing at all when the network is gone', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
    await expect(getJson('/api/me')).rejects.toBeInstanceOf(UnreachableError)
  })
})
