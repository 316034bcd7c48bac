import { cutPolygon } from '@/geometry/polygon'
import type { PointerPlace, Projection } from '../layers'
import type { CursorMark } from '../overlay'
import type { PointerTool } from '../tools'
import { editBegin, editEnd, type PaintHost } from './host'

/** A place in the coordinates of the labelmap's plane: x to the right, y down. */
export const onPlane = (at: PointerPlace, pane: Projection): readonly [number, number] => {
  const { index } = at
  return pane.axis === 0 ? [index[2], index[1]] : pane.axis === 1 ? [index[2], index[0]] : [index[1], index[0]]
}

/** Fill what is gone round; with `Shift` empty it. */
export const lassoTool = (host: PaintHost): PointerTool => {
  let path: (readonly [number, number])[] = []
  return {
    name: 'lasso',
    paints: true,
    begin: (at, pane) => {
      const begun = editBegin(host, pane)
      if (!begun) return null
      const { edit, target } = begun
      const ring = [onPlane(at, pane)]
      path = [[at.x, at.y]]
      return {
        move: (passed) => {
          for (const place of passed) {
            ring.push(onPlane(place, pane))
            path.push([place.x, place.y])
          }
        },
        end: (last) => {
          path = []
          cutPolygon(edit, pane.axis, pane.slice, ring, last.shift ? 0 : target.segment, last.shift ? target.segment : undefined)
          editEnd(host, pane, edit, target, 'lasso')
        },
        cancel: () => {
          path = []
          edit.cancel()
        },
      }
    },
    hover: (at, pane): CursorMark => {
      const target = host.target(pane.spec.stack)
      const isRefused = 'refused' in target
      return { x: at.x, y: at.y, radius: 0, text: isRefused ? '' : at.shift ? '−' : '+', colour: isRefused ? '#8d959d' : target.colour, path }
    },
  }
}
