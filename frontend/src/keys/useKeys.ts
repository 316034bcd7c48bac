import { useEffect, useRef } from 'react'
import { bindKeys, silenceKeys, type KeyHandler, type KeyHandlers } from './listener'
import type { ActionId } from './map'

/** Bind handlers while the component is mounted and `active`. Handlers may be new at every render. */
export function useKeys(handlers: KeyHandlers, active = true): void {
  const latest = useRef(handlers)
  useEffect(() => {
    latest.current = handlers
  })
  const ids = (Object.keys(handlers) as ActionId[]).join(' ')
  useEffect(() => {
    if (!active || ids === '') return undefined
    const call = (id: ActionId, phase: 'down' | 'repeat', event: KeyboardEvent) => {
      const bound = latest.current[id]
      if (typeof bound === 'function') bound(event)
      else bound?.[phase]?.(event)
    }
    const stable: KeyHandlers = {}
    for (const id of ids.split(' ') as ActionId[]) stable[id] = stableHandler(id, latest, call)
    return bindKeys(stable)
  }, [ids, active])
}

function stableHandler(id: ActionId, latest: { current: KeyHandlers }, call: (id: ActionId, phase: 'down' | 'repeat', event: KeyboardEvent) => void): KeyHandler {
  const bound = latest.current[id]
  const handler: KeyHandler = {
    down: (event) => call(id, 'down', event),
    repeat: (event) => call(id, 'repeat', event),
  }
  if (typeof bound === 'object') {
    if (bound.up)
      handler.up = (event, heldMs) => {
        const now = latest.current[id]
        if (typeof now === 'object') now.up?.(event, heldMs)
      }
    if (bound.inFields) handler.inFields = true
  }
  return handler
}

/** Hear only "everywhere" keys while `active`: for dialogs. */
export function useSilentKeys(active: boolean): void {
  useEffect(() => (active ? silenceKeys() : undefined), [active])
}
