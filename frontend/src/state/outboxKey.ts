/** The key that seals unsent work: the server gives it to its owner while signed in, and it is kept in memory only. */
import { getJson } from '@/api/client'

export type KeyOf = (user: string) => Promise<CryptoKey>

const held = new Map<string, Promise<CryptoKey>>()

/** A key that scripts cannot read out. Throws when the server does not answer or nobody is signed in. */
export const outboxKeyOf: KeyOf = (user) => {
  const known = held.get(user)
  if (known) return known
  const asked = getJson<{ key: string }>('/api/me/outbox-key').then(({ key }) => keyMade(Uint8Array.from(atob(key), (sign) => sign.charCodeAt(0))))
  held.set(user, asked)
  asked.catch(() => held.delete(user))
  return asked
}

export const keyMade = (bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> => crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
