/**
 * What a case begins with, asked for while the code of the page is still being read: its series, their geometry, and the middle
 * slice of each; and the decoders start. Runs before everything else and knows only addresses; who asks for the same later finds it
 * here or in the browser's cache.
 */
import { askAhead } from './api/ahead'
import { startDecoders } from './viewer/decoder'

const SERIES = 3

interface Series {
  readonly id: string
  /** A region opens first: then the whole slice is not what will be asked for. */
  readonly region?: string | null
}

interface Manifest {
  readonly slices?: readonly unknown[]
}

const json = async <T>(answer: Promise<Response | null>): Promise<T | null> => {
  const response = await answer
  return response?.ok ? ((await response.json()) as T) : null
}

const begin = async (caseId: string): Promise<void> => {
  void askAhead('/api/me')
  startDecoders()
  const found = await json<{ stacks?: readonly Series[] }>(askAhead(`/api/cases/${caseId}`))
  await Promise.all(
    (found?.stacks ?? []).slice(0, SERIES).map(async ({ id, region }) => {
      const manifest = await json<Manifest>(askAhead(`/api/stacks/${id}/manifest`))
      if (manifest?.slices?.length && !region) await askAhead(`/api/stacks/${id}/frames/${Math.floor(manifest.slices.length / 2)}`, 'image/jphc')
    }),
  )
}

const caseId = /^\/read\/([\w-]+)/.exec(location.pathname)?.[1]
// whatever goes wrong here is asked for again by who needs it
if (caseId) begin(caseId).catch(() => undefined)
