/** Deciding about what is held back. Pictures live as long as the dialog and are kept nowhere. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, send } from '@/api/client'
import type { QuarantineItem } from '@/api/types'

/** [row, column, row, column] in the image's own pixels, half open. */
export type Box = readonly [number, number, number, number]

export interface Decision {
  readonly action: 'release' | 'redact' | 'drop'
  readonly boxes: readonly Box[]
}

/** The side above which the server shows pictures smaller than they are. */
export const SHOWN_SIDE = 2048

/** The picture with every text that was found hidden. */
export function usePicture(id: string) {
  return useQuery({
    queryKey: ['quarantine-picture', id],
    gcTime: 0,
    staleTime: Infinity,
    retry: false,
    queryFn: async () => (await send(`/api/quarantine/${id}/image`)).blob(),
  })
}

/** The picture with nothing hidden; the reason is in the audit trail before it comes. */
export function useReveal(id: string) {
  return useMutation({
    gcTime: 0,
    mutationFn: async (reason: string) => (await send(`/api/quarantine/${id}/reveal`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ reason }) })).blob(),
  })
}

export function useDecide(id: string) {
  const settle = useSettle()
  return useMutation({
    mutationFn: ({ action, boxes }: Decision): Promise<QuarantineItem> =>
      data(api.POST('/api/quarantine/{id}/decide', { params: { path: { id } }, body: { action, ...(action === 'redact' ? { boxes: boxes.map((box) => [...box]) } : {}) } })),
    onSettled: settle,
  })
}

export function useConfirm(id: string) {
  const settle = useSettle()
  return useMutation({
    mutationFn: (agree: boolean): Promise<QuarantineItem> => data(api.POST('/api/quarantine/{id}/confirm', { params: { path: { id } }, body: { agree } })),
    onSettled: settle,
  })
}

function useSettle() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ predicate: ({ queryKey }) => ['quarantine', 'intake', 'imports', 'import'].includes(String(queryKey[0])) })
}

/** The box between two corners of a drag, clipped to the picture; null where it covers nothing. */
export function boxOf(from: readonly [number, number], to: readonly [number, number], rows: number, columns: number): Box | null {
  const clip = (value: number, most: number) => Math.min(most, Math.max(0, value))
  // outwards to whole pixels: a box may hide more than was drawn, never less
  const [top, bottom] = [Math.floor(clip(Math.min(from[0], to[0]), rows)), Math.ceil(clip(Math.max(from[0], to[0]), rows))]
  const [left, right] = [Math.floor(clip(Math.min(from[1], to[1]), columns)), Math.ceil(clip(Math.max(from[1], to[1]), columns))]
  return bottom - top < 2 || right - left < 2 ? null : [top, left, bottom, right]
}

/** "40 12 60 200" as a box; null where it is none. For those who do not draw. */
export function boxFromText(text: string): Box | null {
  const [top, left, bottom, right, ...rest] = text.trim().split(/[\s,;]+/).map(Number)
  if (top === undefined || left === undefined || bottom === undefined || right === undefined || rest.length > 0) return null
  const whole = [top, left, bottom, right].every((value) => Number.isInteger(value) && value >= 0)
  return whole && bottom > top && right > left ? [top, left, bottom, right] : null
}
