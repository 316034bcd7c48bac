import { LabelmapEdit, type Labelmap } from '@/geometry/labelmap'
import type { Patch } from '@/geometry/patch'
import type { Projection } from '../layers'

export interface BrushSettings {
  readonly radius: number
  readonly isSphere: boolean
  /** Paint only voxels whose value lies in this range, inclusive. */
  readonly range: readonly [low: number, high: number] | null
}

/** What the next stroke would write into, or why there is none. */
export interface PaintTarget {
  readonly labelmap: Labelmap
  readonly layer: string
  readonly segment: number
  readonly colour: string
  readonly mayOverwrite: (id: number) => boolean
}

export interface PaintedPatch {
  readonly stack: string
  readonly layer: string
  readonly segment: number
  readonly tool: string
  readonly patch: Patch
}

/** What a tool that changes masks needs of the room. */
export interface PaintHost {
  readonly brush: BrushSettings
  target: (stack: string) => PaintTarget | { readonly refused: string }
  /** The mask changed under the pointer: show it. */
  changed: (stack: string) => void
  painted: (patch: PaintedPatch) => void
  refused: (reason: string, ids: readonly number[]) => void
  /** The values of the image by offset in the whole slice, for brushes that paint only a range of them. */
  values: (stack: string, slice: number) => ((offset: number) => number | undefined) | null
}

/** Begin to change the mask under a pane, or say why not. */
export const editBegin = (host: PaintHost, pane: Projection): { edit: LabelmapEdit; target: PaintTarget } | null => {
  const target = host.target(pane.spec.stack)
  if ('refused' in target) {
    host.refused(target.refused, [])
    return null
  }
  return { target, edit: new LabelmapEdit(target.labelmap, target.mayOverwrite) }
}

/** End it: one patch, told once. */
export const editEnd = (host: PaintHost, pane: Projection, edit: LabelmapEdit, target: PaintTarget, tool: string): void => {
  const patch = edit.finish()
  host.changed(pane.spec.stack)
  if (edit.refused.size) host.refused('locked', [...edit.refused])
  if (patch.size) host.painted({ stack: pane.spec.stack, layer: target.layer, segment: target.segment, tool, patch })
}
