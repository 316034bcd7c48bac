/** How many things wait on a page for this person, by its address. */
export function useWaiting(): Record<string, number | undefined> {
  return {}
}
