import { planeThrough, type CutPlane } from '@/geometry/instances'
import type { Vec3 } from '@/geometry/vector'
import type { PointerTool, ToolName } from '../tools'
import { pointTool } from '../tools'
import { line, pathTool } from './path'

const SHORTEST_PX = 6

/** Draw a line across an instance; what comes of it is the room's affair. */
export const splitTool = (split: (stack: string, plane: CutPlane) => void): PointerTool =>
  pathTool({
    name: 'split',
    shape: line,
    text: () => 'split along the line',
    done: (places, pane) => {
      const [from, to] = [places[0]!, places.at(-1)!]
      if (Math.hypot(to.x - from.x, to.y - from.y) >= SHORTEST_PX) split(pane.spec.stack, planeThrough(from.point, to.point, pane.plane.normal))
    },
  })

/** Point at another instance. */
export const pickTool = (name: ToolName, text: string, pick: (stack: string, index: Vec3) => void): PointerTool => ({
  ...pointTool(name, (at, pane) => pick(pane.spec.stack, at.index)),
  paints: true,
  hover: (at) => ({ x: at.x, y: at.y, radius: 0, text, colour: '#e1e5e9' }),
})
