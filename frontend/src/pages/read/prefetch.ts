import { getJson, send } from '@/api/client'
import { framesGet, manifestGet, previewUrl } from '@/state/annotation'
import { FrameQueue } from '@/viewer/frames'

const BUDGET_BYTES = 300 * 1024 * 1024

/** Bring the case that is likely next into the browser's cache: manifests and previews first, then frames, up to a budget. */
export const prefetchNext = async (project: string, currentCase: string, signal: AbortSignal): Promise<void> => {
  try {
    const answer = await getJson<unknown>(`/api/cases?project=${encodeURIComponent(project)}&state=proposed`, { signal })
    const rows = (Array.isArray(answer) ? answer : ((answer as { results?: unknown[] }).results ?? [])) as { id: string; stacks?: (string | { id: string })[] }[]
    const next = rows.find((row) => row.id !== currentCase)
    let spent = 0
    for (const stack of next?.stacks ?? []) {
      const id = typeof stack === 'string' ? stack : stack.id
      const manifest = await manifestGet(id)
      await send(previewUrl(id), { signal })
      spent += manifest.slices.reduce((sum, slice) => sum + (slice.length ?? 0), 0)
      if (spent > BUDGET_BYTES || signal.aborted) return
      const queue = new FrameQueue((from, count, inner) => framesGet(id, from, count, inner))
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
