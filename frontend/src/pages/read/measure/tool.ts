/** A measuring tool: a click sets a point; a drag sets it and the one after it. */
import type { DefinitionId } from '@/geometry/measurement'
import type { PointerPlace } from '@/viewer/layers'
import type { PointerTool } from '@/viewer/tools'
import type { Measuring } from '../parts/measuring'

/** A press that travels less than this is a click. */
const CLICK_PX = 5

export const measureTool = (measuring: Measuring, definition: DefinitionId): PointerTool => ({
  name: `measure.${definition}`,
  begin: (start, pane) => {
    const first = measuring.put(start, pane, definition)
    if (first === null) return null
    let second: string | null = null
    let isOutside = false
    const follow = (at: PointerPlace) => {
      if (second === null) {
        if (Math.hypot(at.x - start.x, at.y - start.y) < CLICK_PX) return
        second = isPair(definition, first) ? measuring.put(at, pane, definition) : first
      }
      isOutside = second === null || !measuring.movePut(second, at)
    }
    return {
      move: (passed) => {
        const last = passed.at(-1)
        if (last) follow(last)
      },
      end: () => {
        if (isOutside) measuring.takeBack([first, second])
        else measuring.settle()
      },
      cancel: () => void measuring.cancel(),
    }
  },
  hover: (at) => ({ x: at.x, y: at.y, radius: 0, text: measuring.prompt(definition), colour: '#dfca9a' }),
})

/** Points that a drag puts down two at a time: the ends of a line. */
const isPair = (definition: DefinitionId, name: string): boolean => definition === 'length' || /_(1|posterior)$/.test(name) && !name.startsWith('hip_') && name !== 'upper_posterior' || (definition === 'sagittal_angle' && name === 'upper_posterior')
