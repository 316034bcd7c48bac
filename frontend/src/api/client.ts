/** Every word with the server goes through here: same origin, CSRF, one error shape, one notice of a lost session. */
import createClient from 'openapi-fetch'
import { takeAhead } from './ahead'
import type { paths } from './schema'

export type ErrorState = Readonly<Record<string, unknown>>

/** The server answered, and the answer is no. `code` is for programs, `message` says what to do, `state` is how it stands now. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly state: ErrorState = {},
    readonly requestId = '',
  ) {
    super(message)
  }
}

/** The server did not answer: network gone, or web not running. Nothing is known about what it did. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

export type SendInit = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
const signedOutListeners = new Set<() => void>()

/** Call `listener` whenever the server says that nobody is signed in. Returns the way to stop listening. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener)
  return () => void signedOutListeners.delete(listener)
}

export function csrfToken(cookies: string = document.cookie): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(cookies)?.[1] ?? ''
}

/**
 * Fetch `path` from Columna's own server. Resolves with any 2xx or 304 answer.
 * Throws {@link ApiError} for every other answer and {@link UnreachableError} when there is none.
 */
export async function send(path: string, init: SendInit = {}): Promise<Response> {
  return judged(await raw(path, init))
}

async function judged(response: Response): Promise<Response> {
  if (response.ok || response.status === 304) return response
  const error = await errorOf(response)
  if (error.status === 401) signedOutListeners.forEach((listener) => listener())
  throw error
}

/** {@link send} without judging the answer; for the few places that read other statuses themselves. */
export async function raw(path: string, init: SendInit = {}): Promise<Response> {
  const method = (init.method ?? 'GET').toUpperCase()
  const headers: Record<string, string> = { Accept: 'application/json', ...init.headers }
  if (!SAFE.has(method)) headers['X-CSRFToken'] = csrfToken()
  const ahead = method === 'GET' && (init.cache ?? 'default') === 'default' ? takeAhead(path, headers['Accept'] ?? '') : undefined
  return reached(ahead ?? fetch(path, { ...init, method, headers, credentials: 'same-origin' }))
}

async function reached(answer: Promise<Response>): Promise<Response> {
  try {
    return await answer
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason
    throw new UnreachableError('Columna does not answer.', { cause: reason })
  }
}

/** The client that knows every address and shape of the generated schema. Throws as {@link send} does, so `data` is always there: see {@link data}. */
export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? '' : location.origin,
  fetch: async (request) => {
    if (!SAFE.has(request.method)) request.headers.set('X-CSRFToken', csrfToken())
    return judged(await reached(fetch(request)))
  },
})

/** What the server sends: every field is there, also those that a request may leave out. */
export type Sent<T> = T extends (infer U)[] ? Sent<U>[] : T extends object ? { -readonly [K in keyof T]-?: Sent<T[K]> } : T

/** Return the body of an answer of {@link api}. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<Sent<T>> {
  return (await answer).data as Sent<T>
}

export async function getJson<T>(path: string, init: SendInit = {}): Promise<T> {
  return (await (await send(path, init)).json()) as T
}

export async function sendJson<T>(method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown, init: SendInit = {}): Promise<T> {
  const headers = { 'Content-Type': 'application/json', ...init.headers }
  const response = await send(path, { ...init, method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function errorOf(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('X-Request-Id') ?? ''
  const body: unknown = await response.json().catch(() => null)
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : null
  // DRF answers 403 where nobody is signed in, because a session has no challenge to offer
  const code = typeof error?.['code'] === 'string' ? error['code'] : ''
  const status = code === 'not_authenticated' ? 401 : response.status
  const message = typeof error?.['message'] === 'string' ? error['message'] : `The server answered ${response.status} without a reason.`
  return new ApiError(status, code || `http_${response.status}`, message, isRecord(error?.['state']) ? error['state'] : {}, requestId)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
