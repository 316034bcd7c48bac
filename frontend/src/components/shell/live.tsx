/** Words for those who do not see the screen. One polite region, always in the page. */
import { useSyncExternalStore } from 'react'

let words = ''
let turn = 0
const listeners = new Set<() => void>()

/** Have `text` read out when the reader pauses. */
export function announce(text: string): void {
  turn += 1
  // the same words twice are two messages: a space that is not read makes them differ
  words = turn % 2 === 0 ? text : `${text}\u00a0`
  listeners.forEach((listener) => listener())
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export function LiveRegion() {
  const text = useSyncExternalStore(subscribe, () => words)
  return (
    <div className="visually-hidden" aria-live="polite" aria-atomic="true" role="status">
      {text}
    </div>
  )
}
