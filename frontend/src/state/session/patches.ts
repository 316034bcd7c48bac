/** Voxels of one layer of one stack: what a stroke, a fill, a model's answer changed. */
import { LabelmapEdit, type Labelmap } from '@/geometry/labelmap'
import { decodeRuns, encodeRuns, invertPatch, type Patch, type Run } from '@/geometry/patch'
import type { StepKind } from './kind'

export interface PatchStep {
  readonly kind: 'patch'
  readonly stack: string
  readonly layer: string
  readonly segment: number | null
  readonly tool: string
  readonly patch: Patch
}

interface Header {
  readonly stack?: string
  readonly layer?: string
  readonly segment?: number | null
  readonly tool?: string
  readonly slices?: readonly { readonly key: string; readonly length: number }[]
}

export const patchKind: StepKind<PatchStep> = {
  kind: 'patch',
  apply: (desk, step) => {
    desk.labelmap(step.stack, step.layer)?.apply(step.patch)
    desk.onMaskChanged(step.stack)
  },
  inverse: (_, step) => ({ ...step, patch: invertPatch(step.patch) }),
  write: (desk, step) => {
    const manifest = desk.manifest(step.stack)
    const parts = [...step.patch].map(([index, runs]) => ({ key: manifest?.slices[index]?.key ?? '', body: encodeRuns(runs) }))
    return {
      fields: { stack: step.stack, layer: step.layer, segment: step.segment, tool: step.tool, slices: parts.map((part) => ({ key: part.key, length: part.body.length })) },
      bodies: parts.map((part) => part.body),
    }
  },
  read: (desk, json, body) => {
    const { stack = '', layer = '', segment = null, tool = '', slices = [] } = json as Header
    const manifest = desk.manifest(stack)
    const labelmap = desk.labelmap(stack, layer)
    if (!manifest || !labelmap) return null
    const patch = new Map<number, readonly Run[]>()
    let at = 0
    for (const { key, length } of slices) {
      const index = manifest.slices.findIndex((slice) => slice.key === key)
      if (index === -1) return null
      patch.set(index, decodeRuns(body.subarray(at, at + length), labelmap.size))
      at += length
    }
    return { kind: 'patch', stack, layer, segment, tool, patch }
  },
}

/** The patch of a change that is worked out on the mask and taken back at once, so that `perform` can do it for good. */
export const patchOf = (labelmap: Labelmap, change: (edit: LabelmapEdit) => void, mayOverwrite?: (id: number) => boolean): Patch => {
  const edit = new LabelmapEdit(labelmap, mayOverwrite)
  change(edit)
  const patch = edit.finish()
  if (patch.size) labelmap.apply(invertPatch(patch))
  return patch
}

export const replaceId = (edit: LabelmapEdit, from: number, to: number): void => {
  const { labelmap } = edit
  for (let slice = 0; slice < labelmap.count; slice += 1) {
    const data = labelmap.slice(slice)
    for (let offset = data.indexOf(from); offset !== -1; offset = data.indexOf(from, offset + 1)) edit.set(slice, offset, to)
  }
}
