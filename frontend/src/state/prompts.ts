/** Asking the model by a click: the answer is one box of a mask, and only that box may change. */
import { sendJson } from '@/api/client'
import type { LabelmapEdit } from '@/geometry/labelmap'

export interface PromptSession {
  readonly id: string
  readonly engine: string
}

export interface PromptPatch {
  readonly start: readonly [slice: number, row: number, column: number]
  readonly shape: readonly [slices: number, rows: number, columns: number]
  /** Base64, one bit per voxel, row by row, the first in the highest bit. */
  readonly bits: string
  readonly voxels: number
  readonly engine: string
  readonly milliseconds: number
}

export const promptSession = (stack: string, layer: string, structure: string, signal: AbortSignal): Promise<PromptSession> =>
  sendJson<PromptSession>('POST', '/api/prompts/sessions', { stack, layer, structure }, { signal })

export type PromptKind = 'click' | 'box' | 'scribble'

/** `points` are [slice, row, column]: one for a click, two corners of a box, the path of a scribble. */
export interface Prompt {
  readonly kind: PromptKind
  readonly points: readonly (readonly number[])[]
  readonly positive: boolean
}

const MOST_POINTS = 500

/** The voxels a path goes through, each once, thinned out evenly where there are too many. */
export const pathPoints = (path: readonly (readonly number[])[]): number[][] => {
  const rounded = path.map((point) => point.map(Math.round))
  const distinct = rounded.filter((point, i) => i === 0 || point.some((value, axis) => value !== rounded[i - 1]?.[axis]))
  const step = Math.ceil(distinct.length / MOST_POINTS)
  return distinct.filter((_, i) => i % step === 0)
}

/** `restart` forgets the prompts before this one. */
export const promptSend = (session: string, prompt: Prompt, restart: boolean, signal: AbortSignal): Promise<PromptPatch> =>
  sendJson<PromptPatch>('POST', `/api/prompts/sessions/${encodeURIComponent(session)}/points`, { ...prompt, restart }, { signal })

/** Make the segment inside the answer's box what the answer says; nothing outside it and no other structure changes. */
export const applyPrompt = (edit: LabelmapEdit, segment: number, answer: PromptPatch): void => {
  const bits = Uint8Array.from(atob(answer.bits), (letter) => letter.charCodeAt(0))
  const [slices, rows, columns] = answer.shape
  const { labelmap } = edit
  let at = 0
  for (let k = 0; k < slices; k += 1) {
    const slice = answer.start[0] + k
    for (let r = 0; r < rows; r += 1) {
      for (let c = 0; c < columns; c += 1, at += 1) {
        const inside = ((bits[at >> 3] ?? 0) & (128 >> (at & 7))) !== 0
        const offset = (answer.start[1] + r) * labelmap.columns + answer.start[2] + c
        const held = labelmap.slice(slice)[offset]
        if (inside && held === 0) edit.set(slice, offset, segment)
        else if (!inside && held === segment) edit.set(slice, offset, 0)
      }
    }
  }
}
