import { cutPolygon } from '@/geometry/polygon'
import { contourEdit } from '@/geometry/repair'
import { scissorsCut } from '@/geometry/scissors'
import type { Projection } from '../layers'
import type { PointerTool } from '../tools'
import { editBegin, editEnd, type PaintHost } from './host'
import { circle, onPlane, pathTool, rectangle, ringOf } from './path'

export interface ScissorsSettings {
  readonly shape: 'freehand' | 'rectangle' | 'circle'
  readonly side: 'inside' | 'outside'
  readonly depth: 'slice' | 'all'
}

const colourOf = (host: PaintHost) => (pane: Projection) => {
  const target = host.target(pane.spec.stack)
  return 'refused' in target ? '#8d959d' : target.colour
}

const mayPaint = (host: PaintHost) => (pane: Projection) => {
  const target = host.target(pane.spec.stack)
  if ('refused' in target) host.refused(target.refused, [])
  return !('refused' in target)
}

/** Fill what is gone round; with `Shift` empty it. */
export const lassoTool = (host: PaintHost): PointerTool =>
  pathTool({
    name: 'lasso',
    mayBegin: mayPaint(host),
    colour: colourOf(host),
    text: (at) => (at.shift ? '−' : '+'),
    done: (places, pane) => {
      const begun = editBegin(host, pane)
      if (!begun) return
      const { edit, target } = begun
      const erases = places.at(-1)!.shift
      cutPolygon(edit, pane.axis, pane.slice, places.map((place) => onPlane(place.index, pane)), erases ? 0 : target.segment, erases ? target.segment : undefined)
      editEnd(host, pane, edit, target, 'lasso')
    },
  })

const otherSide = { inside: 'outside', outside: 'inside' } as const

/** Cut away what lies on one side of a drawn line; with `Shift` on the other. */
export const scissorsTool = (host: PaintHost, settings: () => ScissorsSettings): PointerTool => {
  const shapeOf = (places: Parameters<typeof rectangle>[0]) => {
    const { shape } = settings()
    return shape === 'rectangle' ? rectangle(places) : shape === 'circle' ? circle(places) : places.map(({ x, y }) => [x, y] as const)
  }
  return pathTool({
    name: 'scissors',
    mayBegin: mayPaint(host),
    colour: colourOf(host),
    shape: shapeOf,
    text: (at) => {
      const { side, depth } = settings()
      return `cut ${at.shift ? otherSide[side] : side}${depth === 'all' ? ', every slice' : ''}`
    },
    done: (places, pane) => {
      const begun = editBegin(host, pane)
      if (!begun) return
      const { edit, target } = begun
      const { side, depth } = settings()
      const count = pane.grid.geometry.shape[pane.axis]
      const planes = depth === 'all' ? Array.from({ length: count }, (_, plane) => plane) : [pane.slice]
      scissorsCut(edit, target.segment, { axis: pane.axis, planes, ring: ringOf(shapeOf(places), pane), side: places.at(-1)!.shift ? otherSide[side] : side })
      editEnd(host, pane, edit, target, 'scissors')
    },
  })
}

/** Draw the border as it should be; the mask follows. */
export const contourTool = (host: PaintHost): PointerTool =>
  pathTool({
    name: 'contour',
    mayBegin: mayPaint(host),
    colour: colourOf(host),
    done: (places, pane) => {
      const begun = editBegin(host, pane)
      if (!begun) return
      const { edit, target } = begun
      const { spacing } = pane.grid.geometry
      const mm = pane.axis === 0 ? ([spacing[2], spacing[1]] as const) : pane.axis === 1 ? ([spacing[2], spacing[0]] as const) : ([spacing[1], spacing[0]] as const)
      const stroke = places.map((place) => onPlane(place.index, pane))
      if (!contourEdit(edit, target.segment, pane.axis, pane.slice, stroke, mm)) host.refused('Begin and end the line near the border that it corrects.', [])
      editEnd(host, pane, edit, target, 'contour-edit')
    },
  })
