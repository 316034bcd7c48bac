/** `window.columna`: what a test, or a person who wonders, may look at. It only reads, and holds nothing but what is on the screen. */
import { gradingOf } from './grading/grading'
import type { Labelmap } from '@/geometry/labelmap'
import type { Room } from './room'

export interface Hatch {
  /** SHA-256 of a mask, every slice in stack order. */
  maskDigest: (stack: string, layer: string) => Promise<string>
  state: () => Readonly<Record<string, unknown>>
  /** Pixels of a pane that outlines, names or lines cover. */
  drawn: (pane: string) => number
  /** Where a voxel lies on the page, in a pane that shows its slice. */
  placeOf: (pane: string, slice: number, row: number, column: number) => { readonly x: number; readonly y: number } | null
}

interface RoomHatch extends Hatch {
  /** How many voxels each segment of a mask has. */
  voxels: (stack: string, layer: string) => Readonly<Record<number, number>>
  /** The same, on each slice. */
  slices: (stack: string, layer: string) => readonly number[]
  /** The segment at a voxel. */
  at: (stack: string, layer: string, slice: number, row: number, column: number) => number
  /** mm per slice, row and column. */
  spacing: (stack: string) => readonly number[]
  /** The active structure where it is thickest on the slice that shows: a row of it, and its first and last column. */
  widest: (pane: string) => { readonly row: number; readonly from: number; readonly to: number } | null
  /** The same of what layers draw over it: marks and measurements. */
  layered: (pane: string) => number
  /** Memory of the decoded pictures. */
  imageBytes: () => number
  /** What the pointer says beside it, and the left and upper edge of all that is drawn with it, in pixels of the pane. */
  cursor: (pane: string) => { readonly says: string; readonly left: number; readonly top: number } | null
  /** Show a slice: as a click into the strip does. */
  goTo: (pane: string, slice: number) => void
}

declare global {
  interface Window {
    columna?: Hatch
  }
}

const gradingState = (room: Room) => {
  const grading = gradingOf(room)
  const { cell } = grading
  return { ...grading.getView(), level: cell?.row.name ?? '', column: cell?.column.title ?? '', count: grading.count(), missing: grading.missing().length }
}

const overlayOf = (pane: string, overlay: string) => document.querySelector<HTMLCanvasElement>(`[data-pane="${pane}"] canvas[data-overlay="${overlay}"]`)

const cursorOf = (pane: string): ReturnType<RoomHatch['cursor']> => {
  const canvas = overlayOf(pane, 'cursor')
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
  if (!canvas || !pixels) return null
  let left = Infinity
  let top = Infinity
  for (let at = 3; at < pixels.length; at += 4) {
    if (!pixels[at]) continue
    left = Math.min(left, ((at - 3) / 4) % canvas.width)
    top = Math.min(top, Math.floor((at - 3) / 4 / canvas.width))
  }
  return left === Infinity ? null : { says: canvas.dataset['says'] ?? '', left, top }
}

const drawnPixels = (pane: string, overlay: string): number => {
  const canvas = overlayOf(pane, overlay)
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
  return pixels ? pixels.filter((value, at) => at % 4 === 3 && value > 0).length : 0
}

const voxelsOf = (labelmap: Labelmap | undefined): Record<number, number> => {
  const found: Record<number, number> = {}
  for (const slice of labelmap?.occupied() ?? []) for (const id of labelmap?.slice(slice) ?? []) if (id) found[id] = (found[id] ?? 0) + 1
  return found
}

const widestRun = (labelmap: Labelmap, id: number, slice: number): { row: number; from: number; to: number } | null => {
  const data = labelmap.slice(slice)
  const runs: { row: number; from: number; to: number }[] = []
  for (let at = data.indexOf(id); at !== -1; at = data.indexOf(id, at + 1)) {
    const [row, from] = [Math.floor(at / labelmap.columns), at % labelmap.columns]
    while (data[at + 1] === id && (at + 1) % labelmap.columns) at += 1
    runs.push({ row, from, to: at % labelmap.columns })
  }
  const reach = ({ row, from, to }: { row: number; from: number; to: number }): number => {
    const column = Math.round((from + to) / 2)
    let far = 0
    while (far < (to - from) / 2 && data[(row - far) * labelmap.columns + column] === id && data[(row + far) * labelmap.columns + column] === id) far += 1
    return far
  }
  return runs.reduce<{ row: number; from: number; to: number } | null>((best, run) => (best === null || reach(run) > reach(best) ? run : best), null)
}

export const openHatch = (room: Room): (() => void) => {
  const hatch: RoomHatch = {
    maskDigest: (stack, layer) => room.session.maskDigest(stack, layer),
    voxels: (stack, layer) => voxelsOf(room.session.labelmap(stack, layer)),
    slices: (stack, layer) => {
      const labelmap = room.session.labelmap(stack, layer)
      return Array.from({ length: labelmap?.count ?? 0 }, (_, slice) => labelmap?.slice(slice).filter((id) => id > 0).length ?? 0)
    },
    at: (stack, layer, slice, row, column) => room.session.labelmap(stack, layer)?.at(slice, row, column) ?? 0,
    spacing: (stack) => room.viewer.gridOf(stack)?.geometry.spacing ?? [],
    widest: (pane) => {
      const { active } = room.session.getView()
      const labelmap = active && room.session.labelmap(room.viewer.paneStack(pane), active.layer)
      return labelmap ? widestRun(labelmap, active.id, room.viewer.sliceOf(pane)) : null
    },
    state: () => {
      const session = room.session.getView()
      const view = room.getView()
      return {
        phase: session.phase.kind,
        reason: 'code' in session.phase ? session.phase.code : '',
        save: session.save.kind,
        message: 'message' in session.save ? session.save.message : '',
        unsent: room.session.unsent,
        kept: room.session.kept,
        seq: session.seq,
        annotation: room.session.annotationId,
        undoable: session.undoable,
        redoable: session.redoable,
        restored: session.restored,
        offered: session.offered,
        resent: session.resent,
        branches: session.branches.length,
        masks: [session.masksLoaded, session.masksTotal],
        segments: session.segments,
        active: session.active,
        stacks: session.manifests.map((manifest) => ({ id: manifest.stack, modality: manifest.modality, plane: manifest.plane, slices: manifest.slices.length, rows: manifest.rows, columns: manifest.columns })),
        tool: view.tool,
        radius: view.radius,
        areMasksShown: view.areMasksShown,
        activePane: view.activePane,
        panes: view.panes.map((pane) => ({ ...pane, ...room.panes.state(pane.id) })),
        progress: Object.fromEntries(view.progress),
        isAsking: view.isAsking,
        doubt: view.doubt,
        visited: view.visited.size,
        isPlaying: view.cine.isPlaying,
        ai: view.ai,
        notice: view.notice?.title ?? '',
        doubts: view.sureness.doubts.length,
        grades: session.grades,
        grading: gradingState(room),
        findings: room.naming.findings().map(({ rule, severity }) => ({ rule, severity })),
        ladder: room.session.shownLadder(),
        measurements: room.measuring.items,
        measuring: room.measuring.store.get(),
        hanging: view.hangings[view.hanging]?.name ?? '',
      }
    },
    drawn: (pane) => drawnPixels(pane, 'mask'),
    layered: (pane) => drawnPixels(pane, 'layers'),
    imageBytes: () => room.viewer.imageBytes,
    cursor: cursorOf,
    goTo: (pane, slice) => room.viewer.goTo(pane, slice),
    placeOf: (pane, slice, row, column) => room.viewer.placeOf(pane, [slice, row, column]),
  }
  window.columna = hatch
  return () => {
    if (window.columna === hatch) delete window.columna
  }
}
