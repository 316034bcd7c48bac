import type { PointerPlace, Projection } from '../layers'
import type { CursorMark } from '../overlay'
import type { PointerTool, ToolName } from '../tools'

type Point = readonly [x: number, y: number]

export interface PathTool {
  readonly name: ToolName
  readonly paints?: boolean
  /** Says why not by itself and returns false, or lets the gesture begin. */
  mayBegin?: (pane: Projection, at: PointerPlace) => boolean
  /** What is drawn for the places passed, in canvas pixels; the path itself where nothing is said. */
  shape?: (places: readonly PointerPlace[]) => readonly Point[]
  text?: (at: PointerPlace, pane: Projection) => string
  colour?: (pane: Projection) => string
  done: (places: readonly PointerPlace[], pane: Projection) => void
}

/** A place in the coordinates of the labelmap's plane: x to the right, y down. */
export const onPlane = (index: PointerPlace['index'], pane: Projection): Point => (pane.axis === 0 ? [index[2], index[1]] : pane.axis === 1 ? [index[2], index[0]] : [index[1], index[0]])

/** Canvas places in the coordinates of the labelmap's plane. */
export const ringOf = (path: readonly Point[], pane: Projection): Point[] => path.map(([x, y]) => onPlane(pane.toIndex(x, y), pane))

/** A tool that acts when the pointer is let go, on the way it took. */
export const pathTool = (spec: PathTool): PointerTool => {
  let places: PointerPlace[] = []
  const shape = () => (spec.shape ? (places.length > 1 ? spec.shape(places) : []) : places.map(({ x, y }) => [x, y] as const))
  return {
    name: spec.name,
    paints: spec.paints ?? true,
    begin: (at, pane) => {
      if (spec.mayBegin && !spec.mayBegin(pane, at)) return null
      places = [at]
      return {
        move: (passed) => places.push(...passed),
        end: (last) => {
          const all = [...places, last]
          places = []
          spec.done(all, pane)
        },
        cancel: () => (places = []),
      }
    },
    hover: (at, pane): CursorMark => ({ x: at.x, y: at.y, radius: 0, text: spec.text?.(at, pane) ?? '', colour: spec.colour?.(pane) ?? '#e1e5e9', path: shape() }),
  }
}

/** The four corners between two places. */
export const rectangle = (places: readonly PointerPlace[]): Point[] => {
  const [a, b] = [places[0]!, places.at(-1)!]
  return [[a.x, a.y], [b.x, a.y], [b.x, b.y], [a.x, b.y], [a.x, a.y]]
}

/** A circle round the first place through the last. */
export const circle = (places: readonly PointerPlace[]): Point[] => {
  const [a, b] = [places[0]!, places.at(-1)!]
  const radius = Math.hypot(b.x - a.x, b.y - a.y)
  return Array.from({ length: 65 }, (_, i) => [a.x + radius * Math.cos((i * Math.PI) / 32), a.y + radius * Math.sin((i * Math.PI) / 32)])
}

/** From the first place straight to the last. */
export const line = (places: readonly PointerPlace[]): Point[] => {
  const [a, b] = [places[0]!, places.at(-1)!]
  return [[a.x, a.y], [b.x, b.y]]
}
