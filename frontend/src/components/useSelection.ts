import { useCallback, useState } from 'react'
import { useKeys } from '@/keys/useKeys'

/**
 * One selected row of a list, moved by the list keys. Moving by key takes the focus to what the row offers first
 * (`[data-row="<id>"] a, button`), so that it is read out and Enter opens it.
 */
export function useSelection(ids: readonly string[], active = true): { selected: string | null; select: (id: string) => void } {
  const [chosen, setChosen] = useState<string | null>(null)
  const selected = chosen !== null && ids.includes(chosen) ? chosen : (ids[0] ?? null)
  const move = useCallback(
    (to: number) => {
      const id = ids[Math.min(ids.length - 1, Math.max(0, to))]
      if (id === undefined) return
      setChosen(id)
      const row = document.querySelector(`[data-row="${CSS.escape(id)}"]`)
      row?.scrollIntoView({ block: 'nearest' })
      row?.querySelector<HTMLElement>('a[href], button')?.focus({ preventScroll: true })
    },
    [ids],
  )
  const at = selected === null ? -1 : ids.indexOf(selected)
  useKeys(
    {
      'list.next': () => move(chosen === null ? Math.max(at, 0) + 1 : at + 1),
      'list.previous': () => move(at - 1),
      'list.first': () => move(0),
      'list.last': () => move(ids.length - 1),
    },
    active && ids.length > 0,
  )
  return { selected, select: setChosen }
}
