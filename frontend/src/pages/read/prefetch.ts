import { getJson, send } from '@/api/client'
import { BUNDLE_TYPE } from '@/geometry/envelope'
import { manifestGet, previewUrl, regionGet, revisionMaskPath, structuresGet } from '@/state/annotation'
import { checkedFrames } from '@/state/frames'
import { OutboxStore } from '@/state/outboxStore'
import { FrameQueue } from '@/viewer/frames'

const BUDGET_BYTES = 300 * 1024 * 1024
const QUIET_MS = 600

interface Row {
  readonly id: string
  readonly stacks?: readonly { readonly id: string; readonly region?: string | null }[]
  readonly proposal_revision?: string | null
  readonly protocol?: { readonly schema?: string; readonly structures?: readonly string[] }
}

/**
 * Bring the case that comes next into the browser's cache: manifests, the proposal's masks and previews first, then frames,
 * up to a budget. It waits whenever the reader does something: this case comes first.
 */
export const prefetchNext = async (project: string, currentCase: string, signal: AbortSignal): Promise<void> => {
  const hand = handOf(signal)
  try {
    const { case: next } = await getJson<{ case: Row | null }>(`/api/cases/upcoming?${new URLSearchParams({ project, after: currentCase, client: await new OutboxStore().browser() }).toString()}`, { signal })
    const manifests = await Promise.all((next?.stacks ?? []).map(async ({ id, region }) => ({ ...(await manifestGet(id)), region: await regionGet(id, region) })))
    const layers = await layersOf(next)
    for (const { stack } of manifests) {
      await hand.rests()
      await send(previewUrl(stack), { signal })
      if (next?.proposal_revision) for (const layer of layers) await (await send(revisionMaskPath(next.proposal_revision, stack, layer), { signal, headers: { Accept: BUNDLE_TYPE } })).arrayBuffer()
    }
    let spent = 0
    for (const manifest of manifests) {
      spent += manifest.region?.bytes ?? manifest.slices.reduce((sum, slice) => sum + (slice.length ?? 0), 0)
      if (spent > BUDGET_BYTES || signal.aborted) return
      const fetchFrames = checkedFrames(manifest, manifest.region)
      const queue = new FrameQueue(async (from, count, inner) => {
        await hand.rests()
        return fetchFrames(from, count, inner)
      })
      queue.centre = Math.floor(manifest.slices.length / 2)
      const stop = () => queue.dispose()
      signal.addEventListener('abort', stop)
      await Promise.all(manifest.slices.map((_, index) => queue.get(index)))
      signal.removeEventListener('abort', stop)
    }
  } catch {
    // the next case simply loads when it is opened
  }
}

const layersOf = async (row: Row | null): Promise<string[]> => {
  if (!row?.proposal_revision) return []
  const chosen = new Set(row.protocol?.structures ?? [])
  const all = await structuresGet(row.protocol?.schema ?? '')
  return [...new Set(all.filter(({ code }) => !chosen.size || chosen.has(code)).map(({ layer }) => layer))]
}

/** Says when the reader's hand has rested for a moment. */
const handOf = (signal: AbortSignal): { rests: () => Promise<void> } => {
  let last = -Infinity
  const moved = (event: Event) => {
    if (!(event instanceof PointerEvent) || event.buttons) last = performance.now()
  }
  for (const name of ['pointerdown', 'pointermove', 'wheel', 'keydown'] as const) window.addEventListener(name, moved, { passive: true, signal })
  const rests = async () => {
    for (let rest = last + QUIET_MS - performance.now(); rest > 0 && !signal.aborted; rest = last + QUIET_MS - performance.now()) await new Promise((resolve) => setTimeout(resolve, rest))
  }
  return { rests }
}
