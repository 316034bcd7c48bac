/** Answers that were asked for before the page's code was read, each handed to the first who asks the same. */
const started = new Map<string, Promise<Response>>()

const keyOf = (path: string, accept: string): string => `${accept} ${path}`

/** Ask now; whoever sends this later gets this answer. Resolves with a copy, or null when there was none. */
export const askAhead = async (path: string, accept = 'application/json'): Promise<Response | null> => {
  const answer = fetch(path, { headers: { Accept: accept }, credentials: 'same-origin' })
  started.set(keyOf(path, accept), answer)
  try {
    return (await answer).clone()
  } catch {
    started.delete(keyOf(path, accept))
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
