import { cache, init as initCore, RenderingEngine } from '@cornerstonejs/core'
import { init as initLoader } from '@cornerstonejs/dicom-image-loader'
import { addTool, Enums, init as initTools, PanTool, ToolGroupManager, WindowLevelTool, ZoomTool } from '@cornerstonejs/tools'
import type { Patch } from '@/geometry/patch'
import { StackGrid, type StackManifest } from '@/geometry/stack'
import { dot, type Vec3 } from '@/geometry/vector'
import type { FetchFrames } from './frames'
import { forgetStack, pixelsOf, registerImages, rememberStack, StackLoader, type StackImages } from './images'
import { OutlineCache, type MaskLayer } from './masks'
import { Overlay, type OverlayOptions } from './overlay'
import { Painter, type BrushSettings, type PaintedPatch, type PaintTarget, type ToolName } from './painter'
import { Pane, type PaneSpec, type PaneState, type Window } from './pane'
import { measureWindow, presetsOf, type WindowPreset } from './windows'

const PAN = String(PanTool.toolName)
const ZOOM = String(ZoomTool.toolName)
const WINDOW = String(WindowLevelTool.toolName)

let started: Promise<void> | null = null

/** Bring the library up, once per page. */
const startLibrary = (): Promise<void> =>
  (started ??= (async () => {
    initCore()
    initLoader({ maxWebWorkers: Math.max(1, Math.min(4, Math.floor((navigator.hardwareConcurrency || 2) / 2))) })
    initTools()
    for (const tool of [PanTool, ZoomTool, WindowLevelTool]) addTool(tool)
    registerImages()
    await Promise.resolve()
  })())

/** What happens in the viewer that its page wants to know. */
export interface ViewerEvents {
  paneChanged: (paneId: string, state: PaneState) => void
  progressed: (stack: string, loaded: number, total: number, failed: readonly number[]) => void
  activated: (paneId: string) => void
  painted: (patch: PaintedPatch) => void
  refused: (reason: string, ids: readonly number[]) => void
  /** A place was pointed at with the crosshair, the click or the naming tool. */
  pointed: (paneId: string, tool: ToolName, stack: string, index: Vec3, withShift: boolean) => void
  brushResized: (steps: number) => void
  scrolled: (paneId: string) => void
  target: (stack: string) => PaintTarget | { readonly refused: string }
  contextLost: () => void
}

interface OpenStack {
  readonly images: StackImages
  readonly loader: StackLoader
  window: Window | null
  presets: WindowPreset[]
  measured: boolean
}

let serial = 0

/**
 * The pictures of one case. The page hands it manifests, masks and a place on the screen, and hears what the reader does;
 * it knows neither the server nor what is saved.
 */
export class ReadingViewer {
  private readonly id = `columna-${(serial += 1)}`
  private engine: RenderingEngine | null = null
  private readonly stacks = new Map<string, OpenStack>()
  private readonly panes = new Map<string, { pane: Pane; overlay: Overlay; painter: Painter }>()
  private masks: readonly MaskLayer[] = []
  private readonly outlines = new OutlineCache()
  private options: OverlayOptions = { areMasksShown: true, fill: 0.14, hasReferenceLines: true }
  private tool: ToolName = 'brush'
  private brush: BrushSettings = { radius: 2, isSphere: false, range: null }
  private activeId = ''
  private drawPending = new Set<string>()
  private flashTimer = 0
  private disposed = false
  private readonly ready: Promise<void>

  constructor(private readonly events: ViewerEvents) {
    this.ready = startLibrary().then(() => {
      if (this.disposed) return
      this.engine = new RenderingEngine(this.id)
      const group = ToolGroupManager.createToolGroup(this.id)
      for (const tool of [PAN, ZOOM, WINDOW]) group?.addTool(tool)
      this.bindTools()
    })
  }

  // stacks

  /** Let the viewer know a stack; loading begins with the first pane that shows it, or with `prefetch`. */
  addStack(manifest: StackManifest, fetchFrames: FetchFrames): StackGrid {
    const known = this.stacks.get(manifest.stack)
    if (known) return known.images.grid
    const images = rememberStack(manifest, new StackGrid(manifest), fetchFrames)
    const loader = new StackLoader(images, (_, index) => this.frameSettled(manifest.stack, index))
    const presets = presetsOf(manifest, null)
    this.stacks.set(manifest.stack, { images, loader, presets, window: presets[0] ?? null, measured: false })
    return images.grid
  }

  prefetch(stack: string): void {
    this.stacks.get(stack)?.loader.start()
  }

  retry(stack: string, slice: number): void {
    this.stacks.get(stack)?.loader.retry(slice)
  }

  private frameSettled(stack: string, index: number): void {
    const open = this.stacks.get(stack)
    if (!open || this.disposed) return
    const { loader, images } = open
    if (!open.measured && loader.states[index] === 'loaded') this.measure(open, index)
    this.events.progressed(stack, loader.loaded, images.imageIds.length, loader.failed)
    for (const { pane } of this.panes.values()) {
      if (pane.spec.stack !== stack) continue
      if (loader.states[index] === 'loaded') pane.arrived(index)
      this.changed(pane)
    }
  }

  private measure(open: OpenStack, index: number): void {
    open.measured = true
    const pixels = pixelsOf(open.images, index)
    open.presets = presetsOf(open.images.manifest, pixels && measureWindow(pixels))
    if (open.window) return
    open.window = open.presets[0] ?? null
    for (const { pane } of this.panes.values()) if (pane.images === open.images && open.window) pane.setWindow(open.window)
  }

  presets(stack: string): readonly WindowPreset[] {
    return this.stacks.get(stack)?.presets ?? []
  }

  setWindow(stack: string, window: Window): void {
    const open = this.stacks.get(stack)
    if (!open) return
    open.window = window
    for (const { pane } of this.panes.values()) if (pane.spec.stack === stack) pane.setWindow(window)
  }

  // panes

  /** Show a stack in an element. Returns the way to take it down again. */
  mount(spec: PaneSpec, element: HTMLDivElement): () => void {
    let done = false
    void this.ready.then(async () => {
      const open = this.stacks.get(spec.stack)
      if (done || this.disposed || !this.engine || !open) return
      const pane = new Pane(spec, element, open.images, open.loader, this.engine, (changed) => this.changed(changed))
      const overlay = new Overlay(pane)
      const painter = new Painter(pane, this.hostOf())
      this.panes.set(spec.id, { pane, overlay, painter })
      if (open.window) pane.setWindow(open.window)
      element.addEventListener('wheel', this.wheel, { passive: false })
      ToolGroupManager.getToolGroup(this.id)?.addViewport(spec.id, this.id)
      open.loader.start()
      await pane.open()
    })
    return () => {
      done = true
      const mounted = this.panes.get(spec.id)
      if (mounted?.pane.element !== element) return
      element.removeEventListener('wheel', this.wheel)
      ToolGroupManager.getToolGroup(this.id)?.removeViewports(this.id, spec.id)
      mounted.painter.dispose()
      mounted.overlay.dispose()
      mounted.pane.dispose()
      this.panes.delete(spec.id)
      if (this.activeId === spec.id) this.activeId = ''
    }
  }

  private hostOf(): ConstructorParameters<typeof Painter>[1] {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the host's live properties read the viewer's
    const viewer = this
    return {
      get tool() {
        return viewer.tool
      },
      get brush() {
        return viewer.brush
      },
      target: (pane) => viewer.events.target(pane.spec.stack),
      changed: (pane) => viewer.redrawStack(pane.spec.stack),
      painted: (patch) => viewer.events.painted(patch),
      refused: (reason, ids) => viewer.events.refused(reason, ids),
      pointed: (pane, index, event) => {
        if (viewer.tool === 'crosshair') viewer.point(pane.grid.toWorld(index), pane.spec.id)
        viewer.events.pointed(pane.spec.id, viewer.tool, pane.spec.stack, index, event.shiftKey)
      },
      activated: (pane) => viewer.activate(pane.spec.id),
      cursor: (pane, mark) => viewer.panes.get(pane.spec.id)?.overlay.drawCursor(mark),
    }
  }

  activate(paneId: string): void {
    if (this.activeId === paneId || !this.panes.has(paneId)) return
    this.activeId = paneId
    this.events.activated(paneId)
  }

  get active(): string {
    return this.activeId
  }

  private get activePane(): Pane | null {
    return this.panes.get(this.activeId)?.pane ?? null
  }

  private readonly changed = (pane: Pane): void => {
    if (this.disposed) return
    this.events.paneChanged(pane.spec.id, pane.state)
    this.redraw(pane.spec.id)
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault()
    event.stopPropagation()
    const mounted = [...this.panes.values()].find(({ pane }) => pane.element === event.currentTarget)
    if (!mounted) return
    const delta = Math.abs(event.deltaY) > Math.abs(event.deltaX) ? event.deltaY : event.deltaX
    if (delta === 0) return
    this.activate(mounted.pane.spec.id)
    if (event.ctrlKey) mounted.pane.zoomBy(delta < 0 ? 1.12 : 1 / 1.12)
    else if (event.shiftKey) this.events.brushResized(delta < 0 ? 1 : -1)
    else this.step(delta > 0 ? 1 : -1, mounted.pane.spec.id)
  }

  /** Go on by slices in a pane; panes of the same frame of reference that look the same way follow. */
  step(by: number, paneId = this.activeId): void {
    const pane = this.panes.get(paneId)?.pane
    if (pane) this.goTo(paneId, pane.slice + by)
  }

  goTo(paneId: string, slice: number): void {
    const pane = this.panes.get(paneId)?.pane
    if (!pane) return
    pane.goTo(slice)
    const { point, normal } = pane.plane
    for (const { pane: other } of this.panes.values()) {
      if (other === pane || other.frame !== pane.frame) continue
      if (Math.abs(dot(other.plane.normal, normal)) > 0.94) other.goTo(other.grid.toIndex(point)[other.axis])
      else this.redraw(other.spec.id)
    }
    this.events.scrolled(paneId)
  }

  /** Bring one point into every pane of its frame of reference. */
  point(world: Vec3, fromPane: string): void {
    const frame = this.panes.get(fromPane)?.pane.frame
    for (const { pane, overlay } of this.panes.values()) {
      if (pane.frame !== frame) continue
      overlay.mark = world
      if (pane.spec.id !== fromPane) pane.lookAt(world)
      this.redraw(pane.spec.id)
    }
  }

  /** Go to a voxel of a stack, in its panes and in those that share its frame; `heightMm` zooms in so that so much fits. */
  focus(stack: string, index: Vec3, heightMm?: number): void {
    const grid = this.stacks.get(stack)?.images.grid
    if (!grid) return
    const world = grid.toWorld(index)
    const frame = [...this.panes.values()].find(({ pane }) => pane.spec.stack === stack)?.pane.frame
    for (const { pane } of this.panes.values()) if (pane.frame === frame) pane.lookAt(world, pane.spec.stack === stack || pane.spec.id === this.activeId ? heightMm : undefined)
  }

  sliceOf(paneId: string): number {
    return this.panes.get(paneId)?.pane.slice ?? 0
  }

  gridOf(stack: string): StackGrid | null {
    return this.stacks.get(stack)?.images.grid ?? null
  }

  paneStack(paneId: string): string {
    return this.panes.get(paneId)?.pane.spec.stack ?? ''
  }

  /** Where a voxel lies on the page, in a pane that shows its slice. */
  placeOf(paneId: string, index: Vec3): { x: number; y: number } | null {
    const pane = this.panes.get(paneId)?.pane
    if (!pane || Math.round(index[pane.axis]) !== pane.slice || pane.loading !== 'loaded') return null
    const box = pane.element.getBoundingClientRect()
    const [x, y] = pane.toCanvas(pane.grid.toWorld(index))
    return { x: box.left + x, y: box.top + y }
  }

  /** The value of the picture under an index, in the units of the modality. */
  valueAt(stack: string, index: Vec3): number | null {
    const images = this.stacks.get(stack)?.images
    if (!images) return null
    const [slice, row, column] = index.map(Math.round)
    return pixelsOf(images, slice!)?.[row! * images.manifest.columns + column!] ?? null
  }

  resetView(): void {
    this.activePane?.reset()
  }

  zoom(factor: number): void {
    this.activePane?.zoomBy(factor)
  }

  rotate(): void {
    this.activePane?.rotate()
  }

  flip(): void {
    this.activePane?.flip()
  }

  invert(): void {
    this.activePane?.invert()
  }

  // tools

  setTool(tool: ToolName): void {
    this.tool = tool
    this.bindTools()
    for (const { painter } of this.panes.values()) painter.redrawCursor()
  }

  setBrush(brush: BrushSettings): void {
    this.brush = brush
    for (const { painter } of this.panes.values()) painter.redrawCursor()
  }

  cancelStroke(): boolean {
    let any = false
    for (const { painter } of this.panes.values()) {
      any ||= painter.isDrawing
      if (painter.isDrawing) painter.cancel()
    }
    return any
  }

  private bindTools(): void {
    const group = ToolGroupManager.getToolGroup(this.id)
    if (!group) return
    const { Primary, Secondary, Auxiliary } = Enums.MouseBindings
    const primary = ({ window: WINDOW, pan: PAN, zoom: ZOOM } as Partial<Record<ToolName, string>>)[this.tool]
    const bind = (name: string, ...bindings: { mouseButton: number; modifierKey?: number; numTouchPoints?: number }[]) => {
      group.setToolPassive(name, { removeAllBindings: true })
      group.setToolActive(name, { bindings: [...bindings, ...(primary === name ? [{ mouseButton: Primary }] : [])] as never })
    }
    bind(WINDOW, { mouseButton: Secondary })
    bind(PAN, { mouseButton: Auxiliary })
    bind(ZOOM, { mouseButton: Primary, modifierKey: Enums.KeyboardBindings.Ctrl })
  }

  // masks

  setMasks(masks: readonly MaskLayer[]): void {
    this.masks = masks
    this.redrawAll()
  }

  setOptions(options: Partial<OverlayOptions>): void {
    this.options = { ...this.options, ...options }
    this.redrawAll()
  }

  redrawAll(): void {
    for (const id of this.panes.keys()) this.redraw(id)
  }

  redrawStack(stack: string): void {
    for (const { pane } of this.panes.values()) if (pane.spec.stack === stack) this.redraw(pane.spec.id)
  }

  private redraw(paneId: string): void {
    if (!this.drawPending.size) requestAnimationFrame(() => this.drawNow())
    this.drawPending.add(paneId)
  }

  private drawNow(): void {
    const ids = this.drawPending
    this.drawPending = new Set()
    if (this.disposed) return
    const all = [...this.panes.values()].map(({ pane }) => pane)
    for (const id of ids) {
      const mounted = this.panes.get(id)
      if (!mounted) continue
      const masks = this.masks.filter((mask) => mask.stack === mounted.pane.spec.stack)
      mounted.overlay.draw(masks, this.outlines, all, this.options)
    }
  }

  /** Show what an undo or a patch from elsewhere changed: go to the slice where it changed most and frame it for a moment. */
  showPatch(stack: string, columns: number, patch: Patch): number | null {
    let most = -1
    let slice: number | null = null
    for (const [index, runs] of patch) {
      const voxels = runs.reduce((sum, run) => sum + run.length, 0)
      if (voxels > most) [most, slice] = [voxels, index]
    }
    if (slice === null) return null
    const box: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
    for (const run of patch.get(slice) ?? []) {
      for (const at of [run.start, run.start + run.length - 1]) {
        box[0] = Math.min(box[0], at % columns)
        box[2] = Math.max(box[2], at % columns)
        box[1] = Math.min(box[1], Math.floor(at / columns))
        box[3] = Math.max(box[3], Math.floor(at / columns))
      }
    }
    const touched = patch
    for (const { pane, overlay } of this.panes.values()) {
      if (pane.spec.stack !== stack) continue
      const here = pane.axis === 0 ? touched.has(pane.slice) : false
      if (!here) pane.lookAt(pane.grid.toWorld([slice, (box[1] + box[3]) / 2, (box[0] + box[2]) / 2]))
      overlay.flash = { stack, axisZeroSlice: here ? pane.slice : slice, box }
      this.redraw(pane.spec.id)
    }
    window.clearTimeout(this.flashTimer)
    this.flashTimer = window.setTimeout(() => {
      for (const { overlay } of this.panes.values()) overlay.flash = null
      this.redrawAll()
    }, 900)
    return slice
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    window.clearTimeout(this.flashTimer)
    for (const { pane, overlay, painter } of this.panes.values()) {
      painter.dispose()
      overlay.dispose()
      pane.dispose()
    }
    this.panes.clear()
    ToolGroupManager.destroyToolGroup(this.id)
    for (const [stack, { loader }] of this.stacks) {
      loader.stop()
      const volumeId = `cornerstoneStreamingImageVolume:${stack}`
      if (cache.getVolume(volumeId)) cache.removeVolumeLoadObject(volumeId)
      forgetStack(stack)
    }
    this.stacks.clear()
    this.outlines.forget()
    this.engine?.destroy()
  }
}

