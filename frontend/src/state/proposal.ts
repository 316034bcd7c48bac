/** What a model proposed, as something to compare with: its masks and what they are. */
import { getJson, sendJson } from '@/api/client'
import { Labelmap } from '@/geometry/labelmap'
import type { StackManifest } from '@/geometry/stack'
import { maskGet, type Segment } from './annotation'

export interface ProposalMask {
  readonly stack: string
  readonly layer: string
  readonly labelmap: Labelmap
}

export interface Proposal {
  readonly segments: readonly Segment[]
  readonly masks: readonly ProposalMask[]
}

/** Freeze the reading as it stands and be told which revision was proposed. */
export const proposalReveal = async (annotation: string, expectedSeq: number): Promise<string> => (await sendJson<{ proposal: string }>('POST', `/api/annotations/${annotation}/reveal`, { expected_seq: expectedSeq })).proposal

/** The masks at `path`, by stack and layer; a layer in which nothing is drawn is left out. */
export const masksGet = async (manifests: readonly StackManifest[], layers: readonly string[], path: (stack: string, layer: string) => string): Promise<ProposalMask[]> => {
  const found = await Promise.all(
    manifests.flatMap((manifest) =>
      layers.map(async (layer) => {
        const { slices } = await maskGet(path(manifest.stack, layer))
        if (!slices.size) return []
        const labelmap = new Labelmap(manifest.slices.length, manifest.rows, manifest.columns)
        manifest.slices.forEach((slice, index) => {
          const data = slices.get(slice.key)
          if (data) labelmap.load(index, data)
        })
        return [{ stack: manifest.stack, layer, labelmap }]
      }),
    ),
  )
  return found.flat()
}

export const proposalGet = async (revision: string, manifests: readonly StackManifest[]): Promise<Proposal> => {
  const { segments } = await getJson<{ segments: readonly Segment[] }>(`/api/revisions/${revision}`)
  const layers = [...new Set(segments.map((segment) => segment.layer))]
  return { segments, masks: await masksGet(manifests, layers, (stack, layer) => `/api/revisions/${revision}/mask?stack=${stack}&layer=${layer}`) }
}
