/** Who is signed in, where they belong, what they may do there. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useSyncExternalStore } from 'react'
import { ApiError, csrfToken, getJson, raw } from '@/api/client'
import type { Me, MyProject } from '@/api/types'
import { onPreferences, preferences, setPreferences } from './preferences'

const SESSION = '/_allauth/browser/v1/auth/session'
const LOGIN = '/_allauth/browser/v1/auth/login'
const CODE = '/_allauth/browser/v1/auth/2fa/authenticate'

/** What came of an attempt to sign in. */
export type SignInOutcome = { kind: 'in' } | { kind: 'code' } | { kind: 'wrong' | 'throttled' | 'failed'; message: string }

/** Ask for the cookie that every write must show, where the start page has not set it. */
export async function prepareSignIn(): Promise<void> {
  if (csrfToken() === '') await raw(SESSION)
}

export async function signIn(username: string, password: string): Promise<SignInOutcome> {
  await prepareSignIn()
  return outcomeOf(await post(LOGIN, { username, password }))
}

/** The second step of an account that has one. */
export async function signInWithCode(code: string): Promise<SignInOutcome> {
  return outcomeOf(await post(CODE, { code }))
}

export async function signOut(): Promise<void> {
  await raw(SESSION, { method: 'DELETE' })
}

function post(path: string, body: unknown): Promise<Response> {
  return raw(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
}

interface AllauthBody {
  errors?: { code?: string; message?: string }[]
  data?: { flows?: { id: string; is_pending?: boolean }[] }
}

/** Read the answer of the sign-in service; exported for its test. */
export async function outcomeOf(response: Response): Promise<SignInOutcome> {
  if (response.ok || response.status === 409) return { kind: 'in' }
  const body = (await response.json().catch(() => ({}))) as AllauthBody
  if (response.status === 401 && body.data?.flows?.some((flow) => flow.id === 'mfa_authenticate' && flow.is_pending)) return { kind: 'code' }
  const code = body.errors?.[0]?.code ?? ''
  if (response.status === 429 || code === 'too_many_login_attempts')
    return { kind: 'throttled', message: 'Too many attempts. Signing in is closed for a few minutes; your account is not locked. Wait, then try again.' }
  if (response.status < 500) return { kind: 'wrong', message: code === 'incorrect_code' ? 'That code does not fit. Codes change every 30 seconds.' : 'The name or the password does not fit. Nothing says which, on purpose.' }
  return { kind: 'failed', message: 'The server failed at this. Try again in a moment; if it stays, tell the operator.' }
}

export const meKey = ['me'] as const

/** Who is signed in; `data` is null when nobody is. */
export function useMe() {
  return useQuery({ queryKey: meKey, queryFn: fetchMe, staleTime: 60_000, retry: (count, error) => !(error instanceof ApiError) && count < 3 })
}

async function fetchMe(): Promise<Me | null> {
  try {
    return await getJson<Me>('/api/me')
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

/** The project in view, null when the person has none, and the way to switch. */
export function useProject(): { project: MyProject | null; projects: readonly MyProject[]; choose: (slug: string) => void } {
  const { data: me } = useMe()
  const slug = useSyncExternalStore(onPreferences, () => preferences().project)
  const projects = me?.projects ?? []
  const choose = useCallback((chosen: string) => setPreferences({ project: chosen }), [])
  return { project: projects.find((project) => project.slug === slug) ?? projects[0] ?? null, projects, choose }
}

/** Whether the person may do this in the project in view. */
export function useMay(ability: string): boolean {
  return useProject().project?.abilities.includes(ability) ?? false
}

/** Forget everything of the person who was signed in. */
export function useForget(): () => void {
  const queries = useQueryClient()
  return useCallback(() => queries.clear(), [queries])
}
