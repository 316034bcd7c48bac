/** Names of levels on pictures whose own masks do not carry them: every series and plane of the frame of reference shows the ladder. */
import { dot, subtract, type Vec3 } from '@/geometry/vector'
import { colourOf, nameOf } from '@/state/structure'
import type { Layer } from '@/viewer/layers'
import type { Naming } from '../parts/naming'

/** A body's name is shown on slices this near to its middle, in mm. */
const REACH_MM = 14
const FONT = '500 11px Inter, "Segoe UI", Roboto, "Helvetica Neue", Helvetica, "Nimbus Sans", Arial, sans-serif'

export const levelsLayer = (naming: Naming): Layer => ({
  name: 'levels',
  draw: (context, pane) => {
    context.font = FONT
    context.textBaseline = 'middle'
    context.textAlign = 'left'
    for (const body of naming.ladder.bodies) {
      if (body.point === null || naming.isDrawn(body, pane.spec.stack) || !naming.isHere(body, pane)) continue
      const point = body.point as unknown as Vec3
      if (pane.grid.isInPatient && Math.abs(dot(subtract(point, pane.plane.point), pane.plane.normal)) > REACH_MM) continue
      const [x, y] = pane.toCanvas(point)
      const text = nameOf(body.name ?? '?')
      const width = context.measureText(text).width + 12
      context.fillStyle = 'rgb(8 9 10 / 84%)'
      context.strokeStyle = body.name ? colourOf(body.name) : '#f0b64a'
      context.lineWidth = 1
      context.beginPath()
      context.arc(x, y, 3, 0, 2 * Math.PI)
      context.roundRect(x - width - 8.5, Math.round(y) - 8.5, width, 18, 3)
      context.fill()
      context.stroke()
      context.fillStyle = '#e1e5e9'
      context.fillText(text, x - width - 2.5, y + 0.5)
    }
  },
})
