import type { CursorMark } from './overlay'
import type { Gesture, PointerPlace, Projection } from './layers'

/** Tools of the library, bound to the mouse by the viewer itself. Every other name is looked up in `Tools`. */
export const VIEW_TOOLS = ['window', 'pan', 'zoom'] as const
export type ToolName = string

/** What the pointer does on a picture while this tool is in hand. */
export interface PointerTool {
  readonly name: ToolName
  /** Changes masks: handles of layers do not catch the pointer meanwhile. */
  readonly paints?: boolean
  /** A CSS cursor; "crosshair" where nothing is said. */
  readonly cursor?: string
  begin: (at: PointerPlace, pane: Projection) => Gesture | null
  /** What is shown by the pointer while nothing is pressed; `shift` may change without a move. */
  hover?: (at: PointerPlace, pane: Projection) => CursorMark | null
}

export class Tools {
  private readonly tools = new Map<ToolName, PointerTool>()

  /** Add a tool by its name; returns the way to take it away. */
  add(tool: PointerTool): () => void {
    this.tools.set(tool.name, tool)
    return () => {
      if (this.tools.get(tool.name) === tool) this.tools.delete(tool.name)
    }
  }

  get(name: ToolName): PointerTool | undefined {
    return this.tools.get(name)
  }
}

/** A tool for which one press is all there is to it. */
export const pointTool = (name: ToolName, point: (at: PointerPlace, pane: Projection) => void): PointerTool => ({
  name,
  begin: (at, pane) => {
    point(at, pane)
    return null
  },
})
