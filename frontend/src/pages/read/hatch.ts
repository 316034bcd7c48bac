/** `window.columna`: what a test, or a person who wonders, may look at. It only reads, and holds nothing but what is on the screen. */
import { gradingOf } from './grading/grading'
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

const drawnPixels = (pane: string): number => {
  const canvas = document.querySelector<HTMLCanvasElement>(`[data-pane="${pane}"] canvas[data-overlay="mask"]`)
  const pixels = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
  return pixels ? pixels.filter((value, at) => at % 4 === 3 && value > 0).length : 0
}

export const openHatch = (room: Room): (() => void) => {
  const hatch: Hatch = {
    maskDigest: (stack, layer) => room.session.maskDigest(stack, layer),
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
    drawn: (pane) => drawnPixels(pane),
    placeOf: (pane, slice, row, column) => room.viewer.placeOf(pane, [slice, row, column]),
  }
  window.columna = hatch
  return () => {
    if (window.columna === hatch) delete window.columna
  }
}
