/** The surface of a mask, which the server makes. */
import { send } from '@/api/client'
import { BUNDLE_TYPE } from '@/geometry/envelope'
import { surfaceRead, type Surface } from '@/geometry/mesh'

export type SurfaceAnswer = { readonly surface: Surface } | { readonly again: number }

const SECOND = 1000

/** The surface of an annotation's layer on a stack as it stands, or in how many ms to ask again: a worker is making it. */
export const surfaceGet = async (annotation: string, stack: string, layer: string, signal: AbortSignal): Promise<SurfaceAnswer> => {
  const response = await send(`/api/annotations/${annotation}/surface?stack=${stack}&layer=${encodeURIComponent(layer)}`, { signal, headers: { Accept: BUNDLE_TYPE } })
  if (response.status === 202) return { again: Number(response.headers.get('Retry-After') ?? 2) * SECOND }
  return { surface: await surfaceRead(new Uint8Array(await response.arrayBuffer())) }
}
