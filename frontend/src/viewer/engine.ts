import type { RenderingEngine } from '@cornerstonejs/core'
import type { Axis } from '@/geometry/labelmap'
import type { Patch } from '@/geometry/patch'
import type { StackGrid, StackManifest } from '@/geometry/stack'
import { dot, type Vec3 } from '@/geometry/vector'
import { Drawing } from './drawing'
import type { FetchFrames } from './frames'
import { Hand } from './hand'
import { decodedBytes, frameOf, isLoadedAt, valuesOf } from './images'
import { Layers } from './layers'
import type * as Drawn from './library'
import type { MaskLayer } from './masks'
import { Overlay, type OverlayOptions } from './overlay'
import type { Pane, PaneSpec, PaneState, Stand, Window } from './pane'
import { Progress } from './progress'
import { Shelf } from './shelf'
import { Still } from './still'
import { brushTool } from './tools/brush'
import type { BrushSettings, PaintedPatch, PaintHost, PaintTarget } from './tools/host'
import { contourTool, lassoTool, scissorsTool, type ScissorsSettings } from './tools/outlines'
import { pointTool, Tools, type ToolName } from './tools'
import type { WindowPreset } from './windows'

/** What happens in the viewer that its page wants to know. */
export interface ViewerEvents {
  paneChanged: (paneId: string, state: PaneState) => void
  progressed: (stack: string, loaded: number, total: number, failed: readonly number[]) => void
  activated: (paneId: string) => void
  painted: (patch: PaintedPatch) => void
  refused: (reason: string, ids: readonly number[]) => void
  brushResized: (steps: number) => void
  target: (stack: string) => PaintTarget | { readonly refused: string }
  /** Something was to be drawn, or is looked at, where no picture is loaded (a region opened first), or drawn on an earlier study. */
  outside?: (stack: string, why: 'draw' | 'look' | 'prior') => void
  /** The graphics card gave up and every picture was built anew. */
  rebuilt?: () => void
  /** The part of the page that draws did not come. */
  broken?: () => void
}

interface Mounted {
  readonly pane: Pane
  readonly overlay: Overlay
  readonly hand: Hand
}

let serial = 0

let library: typeof Drawn | null = null

/** The library is large: it is read once a picture is seen, or after this long. */
const SEEN_MS = 3000
/** A picture that nothing replaces (its pane is out of sight) is taken down after this long. */
const STILL_MS = 2000

/**
 * The pictures of one case. The page hands it manifests, masks and a place on the screen, and hears what the reader does;
 * it knows neither the server nor what is saved. Whoever draws over the pictures adds a layer, whoever acts on them a tool.
 */
export class ReadingViewer {
  private readonly id = `columna-${(serial += 1)}`
  private engine: RenderingEngine | null = null
  private viewTools: Drawn.ViewTools | null = null
  private readonly shelf: Shelf
  private readonly panes = new Map<string, Mounted>()
  /** Pictures that are seen until the library has drawn its own. */
  private readonly stills = new Map<string, Still>()
  readonly layers = new Layers(() => this.drawing.redrawLayers())
  readonly tools = new Tools()
  /** For tools that change masks. */
  readonly host: PaintHost
  private readonly drawing = new Drawing(this.panes, this.layers)
  private tool: ToolName = 'brush'
  private brush: BrushSettings = { radius: 2, isSphere: false, range: null }
  scissors: ScissorsSettings = { shape: 'freehand', side: 'inside', depth: 'slice' }
  private activeId = ''
  /** Panes of one frame of reference that look the same way scroll together. */
  isLinked = true
  private rebuildTimer = 0
  private readonly progress = new Progress((stack, loader, total) => this.events.progressed(stack, loader.loaded, total, loader.failed))
  private disposed = false
  private unhear: () => void = () => undefined
  private seen: () => void = () => undefined
  private readonly ready: Promise<void>

  constructor(private readonly events: ViewerEvents) {
    this.shelf = new Shelf(
      (stack, index) => this.frameSettled(stack, index),
      (open, window) => this.eachPane((pane) => pane.images === open.images && pane.setWindow(window)),
    )
    this.host = this.hostOf()
    for (const tool of [brushTool('brush', this.host), brushTool('erase', this.host), lassoTool(this.host), scissorsTool(this.host, () => this.scissors), contourTool(this.host), this.crosshair()]) this.tools.add(tool)
    this.ready = this.start()
  }

  private async start(): Promise<void> {
    try {
      if (!library) {
        await new Promise<void>((resolve) => {
          this.seen = () => setTimeout(resolve)
          setTimeout(resolve, SEEN_MS)
        })
        library = await import('./library')
      }
      if (this.disposed) return
      library.startLibrary()
      this.engine = new library.RenderingEngine(this.id)
      this.viewTools = new library.ViewTools(this.id)
      this.viewTools.bind(this.tool)
      this.unhear = library.onContextLost(this.id, this.contextLost)
    } catch (reason) {
      console.error(reason)
      this.events.broken?.()
    }
  }

  private readonly contextLost = (): void => {
    if (this.rebuildTimer) return
    // every context of the page is lost at once; one rebuilding is enough
    this.rebuildTimer = window.setTimeout(() => {
      this.rebuildTimer = 0
      if (!this.disposed) this.rebuild()
    }, 50)
  }

  /** Make every picture anew where it was: same slice, same place, same window. Masks are none of the card's affair. */
  private rebuild(): void {
    this.hangAgain(
      () => true,
      () => {
        this.engine?.destroy()
        this.engine = library && new library.RenderingEngine(this.id)
      },
    )
    this.events.rebuilt?.()
  }

  private hostOf(): PaintHost {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the host's live property reads the viewer's
    const viewer = this
    return {
      get brush() {
        return viewer.brush
      },
      target: (stack) => viewer.events.target(stack),
      changed: (stack) => viewer.redrawStack(stack),
      painted: (patch) => viewer.events.painted(patch),
      refused: (reason, ids) => viewer.events.refused(reason, ids),
      values: (stack, slice) => {
        const images = viewer.shelf.get(stack)?.images
        return images ? valuesOf(images, slice) : null
      },
    }
  }

  private crosshair() {
    return pointTool('crosshair', (at, pane) => this.point(at.point, pane.spec.id))
  }

  private eachPane(act: (pane: Pane, mounted: Mounted) => unknown): void {
    for (const mounted of this.panes.values()) act(mounted.pane, mounted)
  }

  // stacks

  addStack(manifest: StackManifest, fetchFrames: FetchFrames): StackGrid {
    return this.shelf.add(manifest, fetchFrames)
  }

  /** Load all of a stack of which a region opened first: same slice, same place, same window. */
  loadWhole(stack: string, fetchFrames: FetchFrames): void {
    if (!this.shelf.get(stack)?.images.region) return
    this.hangAgain(
      (pane) => pane.spec.stack === stack,
      () => this.shelf.replace(stack, fetchFrames),
    )
  }

  /** Take pictures down, change what they hang on, and hang them where they were. */
  private hangAgain(which: (pane: Pane) => boolean, change: () => void): void {
    const taken = [...this.panes.values()].filter(({ pane }) => which(pane)).map(({ pane }) => ({ spec: pane.spec, element: pane.element, stand: pane.stand }))
    const active = this.activeId
    for (const { spec, element } of taken) this.unmount(spec, element)
    change()
    for (const { spec, element, stand } of taken) void this.open(spec, element, stand)
    this.activeId = active
  }

  /** How much memory the decoded pictures take. */
  get imageBytes(): number {
    return decodedBytes()
  }

  prefetch(stack: string): void {
    this.shelf.load(stack)
  }

  retry(stack: string, slice: number): void {
    this.shelf.get(stack)?.loader.retry(slice)
  }

  private frameSettled(stack: string, index: number): void {
    const open = this.shelf.get(stack)
    if (!open || this.disposed) return
    this.progress.tell(stack, open.loader, open.images.imageIds.length)
    for (const still of this.stills.values()) if (still.spec.stack === stack) still.arrived(index)
    this.eachPane((pane) => {
      if (pane.spec.stack !== stack) return
      pane.arrived(index)
      // a slice that nobody looks at changes no picture
      if (pane.axis === 0 ? pane.slice === index : open.loader.loaded <= 1) this.changed(pane)
    })
  }

  presets(stack: string): readonly WindowPreset[] {
    return this.shelf.get(stack)?.presets ?? []
  }

  /** Show a stack through a window in every picture of it; `made` is the one where a drag has made it already. */
  setWindow(stack: string, window: Window, made?: Pane): void {
    const open = this.shelf.get(stack)
    if (!open) return
    open.window = window
    this.eachPane((pane) => pane !== made && pane.spec.stack === stack && pane.setWindow(window))
  }

  // panes

  /** Show a stack in an element. Returns the way to take it down again. */
  mount(spec: PaneSpec, element: HTMLDivElement): () => void {
    let done = false
    if (!this.engine) this.showStill(spec, element)
    void this.ready.then(() => (done ? undefined : this.open(spec, element)))
    return () => {
      done = true
      if (this.stills.get(spec.id)?.element === element) this.takeStill(spec.id)
      this.unmount(spec, element)
    }
  }

  private showStill(spec: PaneSpec, element: HTMLDivElement): void {
    const open = this.shelf.get(spec.stack)
    if (!open || this.disposed) return
    const still = new Still(spec, element, open, () => {
      this.events.paneChanged(spec.id, still.state)
      if (still.isSharp) this.seen()
    })
    this.stills.set(spec.id, still)
    this.shelf.load(spec.stack)
    still.arrived()
  }

  /** The library has drawn the pane, or never will: what stood in for it goes. */
  private takeStill(paneId: string): void {
    const still = this.stills.get(paneId)
    if (!still) return
    this.stills.delete(paneId)
    still.remove()
    const pane = this.panes.get(paneId)?.pane
    if (pane) this.changed(pane)
  }

  private async open(spec: PaneSpec, element: HTMLDivElement, stand?: Stand): Promise<void> {
    const open = this.shelf.get(spec.stack)
    if (this.disposed || !this.engine || !library || !open) return
    const pane = new library.Pane(
      spec,
      element,
      open,
      this.engine,
      (changed) => this.changed(changed),
      (dragged, window) => this.setWindow(spec.stack, window, dragged),
    )
    const overlay = new Overlay(pane)
    this.panes.set(spec.id, { pane, overlay, hand: this.handOf(pane, overlay) })
    if (open.window) pane.setWindow(open.window)
    element.addEventListener('wheel', this.wheel, { passive: false })
    this.viewTools?.add(spec.id, this.id)
    this.shelf.load(spec.stack)
    await pane.open(stand)
    if (!this.stills.has(spec.id)) return
    const take = () => this.takeStill(spec.id)
    if (pane.loading === 'failed') take()
    else pane.onceDrawn(take, STILL_MS)
  }

  private unmount(spec: PaneSpec, element: HTMLDivElement): void {
    const mounted = this.panes.get(spec.id)
    if (mounted?.pane.element !== element) return
    element.removeEventListener('wheel', this.wheel)
    this.viewTools?.remove(spec.id, this.id)
    mounted.hand.dispose()
    mounted.overlay.dispose()
    mounted.pane.dispose()
    this.panes.delete(spec.id)
    if (this.activeId === spec.id) this.activeId = ''
  }

  private handOf(pane: Pane, overlay: Overlay): Hand {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the host's live property reads the viewer's
    const viewer = this
    return new Hand(pane, {
      get tool() {
        return viewer.tools.get(viewer.tool)
      },
      layers: this.layers,
      activated: (activated) => this.activate(activated.spec.id),
      cursor: (_, mark, at) => overlay.drawCursor(mark, at),
      refused: (why) => this.events.outside?.(pane.spec.stack, why),
    })
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
    if (this.disposed || this.stills.has(pane.spec.id)) return
    this.events.paneChanged(pane.spec.id, pane.state)
    this.drawing.redraw(pane.spec.id)
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
    this.eachPane((other) => {
      if (other === pane || other.frame !== pane.frame) return
      if (this.isLinked && Math.abs(dot(other.plane.normal, normal)) > 0.94) other.goTo(other.grid.toIndex(point)[other.axis])
      else this.drawing.redraw(other.spec.id)
    })
  }

  /** Bring one point into every pane of its frame of reference. */
  point(world: Vec3, fromPane: string): void {
    const frame = this.panes.get(fromPane)?.pane.frame
    this.eachPane((pane, { overlay }) => {
      if (pane.frame !== frame) return
      overlay.mark = world
      if (pane.spec.id !== fromPane) pane.lookAt(world)
      this.drawing.redraw(pane.spec.id)
    })
  }

  /** Go to a point in the panes of a stack and in those that share its frame; `heightMm` zooms in so that so much fits. */
  look(stack: string, world: Vec3, heightMm?: number): void {
    const frame = this.frameOf(stack)
    this.eachPane((pane) => {
      if (pane.frame === frame) pane.lookAt(world, pane.spec.stack === stack || pane.spec.id === this.activeId ? heightMm : undefined)
    })
    const images = this.shelf.get(stack)?.images
    if (images && !isLoadedAt(images, images.grid.toIndex(world))) this.events.outside?.(stack, 'look')
  }

  /** Whether some picture shows a stack, or another of its frame of reference. */
  isInView(stack: string): boolean {
    const frame = this.frameOf(stack)
    return [...this.panes.values()].some(({ pane }) => pane.frame === frame)
  }

  /** The same for a voxel of the stack. */
  focus(stack: string, index: Vec3, heightMm?: number): void {
    const grid = this.gridOf(stack)
    if (grid) this.look(stack, grid.toWorld(index), heightMm)
  }

  sliceOf(paneId: string): number {
    return this.panes.get(paneId)?.pane.slice ?? 0
  }

  /** The axis a pane looks along and the index that shows. */
  planeOf(paneId: string): { readonly axis: Axis; readonly slice: number } | null {
    const pane = this.panes.get(paneId)?.pane
    return pane ? { axis: pane.axis, slice: pane.slice } : null
  }

  gridOf(stack: string): StackGrid | null {
    return this.shelf.get(stack)?.images.grid ?? null
  }

  /** Stacks of one frame of reference share their points. */
  frameOf(stack: string): string {
    const images = this.shelf.get(stack)?.images
    return images ? frameOf(images.manifest) : ''
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
    const images = this.shelf.get(stack)?.images
    if (!images) return null
    const [slice, row, column] = index.map(Math.round)
    return valuesOf(images, slice!)?.(row! * images.manifest.columns + column!) ?? null
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
    this.viewTools?.bind(tool)
    this.eachPane((_, { hand }) => hand.refresh())
  }

  setBrush(brush: BrushSettings): void {
    this.brush = brush
    this.eachPane((_, { hand }) => hand.refresh())
  }

  /** Magnify what is under the pointer, whatever tool is in hand. */
  magnify(isOn: boolean): void {
    this.eachPane((_, { overlay }) => overlay.magnify(isOn))
  }

  cancelStroke(): boolean {
    const busy = [...this.panes.values()].filter(({ hand }) => hand.isBusy)
    for (const { hand } of busy) hand.cancel()
    return busy.length > 0
  }

  // what lies over the pictures

  setMasks(masks: readonly MaskLayer[]): void {
    this.drawing.setMasks(masks)
  }

  setOptions(options: Partial<OverlayOptions>): void {
    this.drawing.setOptions(options)
  }

  redrawAll(): void {
    this.drawing.redrawAll()
  }

  redrawStack(stack: string): void {
    this.drawing.redrawStack(stack)
  }

  showPatch(stack: string, columns: number, patch: Patch): number | null {
    return this.drawing.showPatch(stack, columns, patch)
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.drawing.dispose()
    window.clearTimeout(this.rebuildTimer)
    this.progress.dispose()
    this.unhear()
    this.stills.forEach((still) => still.remove())
    this.stills.clear()
    this.eachPane((pane, { overlay, hand }) => {
      hand.dispose()
      overlay.dispose()
      pane.dispose()
    })
    this.panes.clear()
    this.viewTools?.dispose()
    this.shelf.dispose()
    this.engine?.destroy()
  }
}
