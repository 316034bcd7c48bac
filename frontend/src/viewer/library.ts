/** All that draws with Cornerstone3D, in a chunk of its own: pictures are seen before it is here (`still.ts`). */
import { Enums as CoreEnums, eventTarget, getConfiguration, init as initCore, RenderingEngine } from '@cornerstonejs/core'
import { addTool, Enums, init as initTools, PanTool, ToolGroupManager, WindowLevelTool, ZoomTool } from '@cornerstonejs/tools'
import { Pane } from './pane'
import { registerImages } from './pictures'
import { registerPlanes } from './planes'
import type { ToolName } from './tools'

const PAN = String(PanTool.toolName)
const ZOOM = String(ZoomTool.toolName)
const WINDOW = String(WindowLevelTool.toolName)

export { Pane, RenderingEngine }

let isStarted = false

/** Bring the library up, once per page. */
export const startLibrary = (): void => {
  if (isStarted) return
  isStarted = true
  // one context draws every picture in turn: shaders are compiled once, and there is one screen's memory, not seven
  initCore({ ...getConfiguration(), rendering: { ...getConfiguration().rendering, webGlContextCount: 1 } })
  initTools()
  for (const tool of [PanTool, ZoomTool, WindowLevelTool]) addTool(tool)
  registerImages()
  registerPlanes()
}

/** Hear that the graphics card dropped the pictures of an engine. Returns the way to stop. */
export const onContextLost = (engine: string, lost: () => void): (() => void) => {
  const listener = (event: Event): void => {
    if ((event as CustomEvent<{ renderingEngineId: string }>).detail.renderingEngineId === engine) lost()
  }
  eventTarget.addEventListener(CoreEnums.Events.WEBGL_CONTEXT_LOST, listener)
  return () => eventTarget.removeEventListener(CoreEnums.Events.WEBGL_CONTEXT_LOST, listener)
}

/** The library's own tools: always on the other buttons, on the first one when in hand. */
export class ViewTools {
  constructor(private readonly id: string) {
    const group = ToolGroupManager.createToolGroup(id)
    for (const tool of [PAN, ZOOM, WINDOW]) group?.addTool(tool)
  }

  add(viewport: string, engine: string): void {
    ToolGroupManager.getToolGroup(this.id)?.addViewport(viewport, engine)
  }

  remove(viewport: string, engine: string): void {
    ToolGroupManager.getToolGroup(this.id)?.removeViewports(engine, viewport)
  }

  bind(tool: ToolName): void {
    const group = ToolGroupManager.getToolGroup(this.id)
    if (!group) return
    const { Primary, Secondary, Auxiliary } = Enums.MouseBindings
    const primary = ({ window: WINDOW, pan: PAN, zoom: ZOOM } as Partial<Record<ToolName, string>>)[tool]
    const set = (name: string, ...bindings: { mouseButton: number; modifierKey?: number; numTouchPoints?: number }[]) => {
      group.setToolPassive(name, { removeAllBindings: true })
      group.setToolActive(name, { bindings: [...bindings, ...(primary === name ? [{ mouseButton: Primary, numTouchPoints: 1 }] : [])] as never })
    }
    set(WINDOW, { mouseButton: Secondary })
    set(PAN, { mouseButton: Auxiliary })
    set(ZOOM, { mouseButton: Primary, modifierKey: Enums.KeyboardBindings.Ctrl })
  }

  dispose(): void {
    ToolGroupManager.destroyToolGroup(this.id)
  }
}
