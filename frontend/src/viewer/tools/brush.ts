import { paint } from '@/geometry/brush'
import type { Vec3 } from '@/geometry/vector'
import type { Gesture, PointerPlace, Projection } from '../layers'
import type { CursorMark } from '../overlay'
import type { PointerTool } from '../tools'
import { editBegin, editEnd, type PaintHost } from './host'

const inRange = (host: PaintHost, stack: string, range: readonly [number, number]): ((slice: number, offset: number) => boolean) => {
  const pixels = new Map<number, ReturnType<PaintHost['values']>>()
  return (slice, offset) => {
    if (!pixels.has(slice)) pixels.set(slice, host.values(stack, slice))
    const value = pixels.get(slice)?.(offset)
    return value !== undefined && value >= range[0] && value <= range[1]
  }
}

const stroke = (host: PaintHost, pane: Projection, at: PointerPlace, erases: (shift: boolean) => boolean): Gesture | null => {
  const begun = editBegin(host, pane)
  if (!begun) return null
  const { edit, target } = begun
  const { isSphere, radius, range } = host.brush
  const accept = range && inRange(host, pane.spec.stack, range)
  let last = at.index
  let isErasing = erases(at.shift)
  const dab = (to: Vec3): void => {
    paint(
      edit,
      { from: last, to, radius, spacing: pane.grid.geometry.spacing, axis: isSphere && pane.grid.isVolume ? null : pane.axis },
      isErasing ? 0 : target.segment,
      { only: isErasing ? target.segment : undefined, accept: accept && !isErasing ? accept : undefined },
    )
    last = to
  }
  const show = (): void => {
    edit.show()
    host.changed(pane.spec.stack)
  }
  dab(at.index)
  show()
  return {
    move: (passed) => {
      for (const place of passed) {
        isErasing = erases(place.shift)
        dab(place.index)
      }
      show()
    },
    end: () => editEnd(host, pane, edit, target, isErasing ? 'eraser' : range ? 'threshold-brush' : isSphere ? 'sphere-brush' : 'brush'),
    cancel: () => {
      edit.cancel()
      host.changed(pane.spec.stack)
    },
  }
}

/** The brush and the eraser: a disc in the plane, or a sphere in mm; `Shift` held is the other one. */
export const brushTool = (name: 'brush' | 'erase', host: PaintHost): PointerTool => {
  const erases = (shift: boolean) => (name === 'erase') !== shift
  return {
    name,
    paints: true,
    cursor: 'none',
    begin: (at, pane) => stroke(host, pane, at, erases),
    hover: (at, pane): CursorMark => {
      const target = host.target(pane.spec.stack)
      const { radius } = host.brush
      const size = pane.grid.isCalibrated ? `${(radius * 2).toFixed(1)} mm` : `${(radius * 2).toFixed(0)} px`
      const isRefused = 'refused' in target
      return { x: at.x, y: at.y, radius: radius / (pane.mmPerPixel || 1), text: isRefused ? '' : `${erases(at.shift) ? '−' : '+'} ${size}`, colour: isRefused ? '#8d959d' : target.colour }
    },
  }
}
