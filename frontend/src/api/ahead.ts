/** Answers that were asked for before the page's code was read, each handed to the first who asks the same. */
const started = new Map<string, Promise<Response>>()
/** What nobody asked for by then is forgotten: later it could be old. */
const KEPT_MS = 15_000

const keyOf = (path: string, accept: string): string => `${accept} ${path}`

/** Ask now; whoever sends this later gets this answer. Resolves with a copy, or null when there was none. */
export const askAhead = async (path: string, accept = 'application/json'): Promise<Response | null> => {
  const answer = fetch(path, { headers: { Accept: accept }, credentials: 'same-origin' })
  const key = keyOf(path, accept)
  started.set(key, answer)
  setTimeout(() => started.get(key) === answer && started.delete(key), KEPT_MS)
  try {
    return (await answer).clone()
  } catch {
    started.delete(key)
    return null
  }
}

/** The answer that is on its way already, once. */
export const takeAhead = (path: string, accept: string): Promise<Response> | undefined => {
  const key = keyOf(path, accept)
  const answer = started.get(key)
  started.delete(key)
  return answer
}
