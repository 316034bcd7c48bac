import { Enums, type RenderingEngine, type Types } from '@cornerstonejs/core'
import type { Axis, Labelmap } from '@/geometry/labelmap'
import type { StackGrid } from '@/geometry/stack'
import { add, cross, dot, length, normalize, scale, subtract, type Vec3 } from '@/geometry/vector'
import { coarsePicture } from './coarse'
import { frameOf, type StackImages, type StackLoader } from './images'
import type { Projection } from './layers'
import { gapsOf, layOf, type Gap } from './lay'
import { dropImage } from './pictures'
import { freshen, rememberPlane } from './planes'
import type { OpenStack } from './shelf'
import { watchWindowDrag } from './windowDrag'

export type PaneView = 'stack' | 'sagittal' | 'axial' | 'coronal'

export interface PaneSpec {
  readonly id: string
  readonly stack: string
  /** The slices as they were made, or a plane of the grid nearest to a patient plane. */
  readonly view: PaneView
  /** For looking only: an earlier study. */
  readonly isReadOnly?: boolean
}

export interface Window {
  readonly center: number
  readonly width: number
}

/** What a pane shows, for the words at its edges. */
export interface PaneState {
  readonly slice: number
  readonly count: number
  /** "coarse": the slice itself still comes, a low resolution of it shows. */
  readonly loading: 'waiting' | 'coarse' | 'loaded' | 'failed'
  /** The slice is seen already, but nothing can be done with it yet: what draws is still on its way. */
  readonly isStill?: boolean
  readonly window: Window | null
  readonly letters: { readonly left: string; readonly right: string; readonly top: string; readonly bottom: string } | null
  readonly mmPerPixel: number
  readonly isCalibrated: boolean
  readonly zoom: number
}

export interface Stand {
  readonly slice: number
  readonly camera: Types.ICamera | null
}

type Viewport = Types.IStackViewport

/** Slices come by the hundred; a plane across them is drawn anew this often at most. */
const FRESHEN_MS = 150

const point3 = (value: Vec3): Types.Point3 => [value[0], value[1], value[2]]
const vec3 = (value: readonly number[]): Vec3 => [value[0]!, value[1]!, value[2]!]

/** Which axis of the grid a view looks along. */
export const axisOf = (grid: StackGrid, view: PaneView): Axis => (view === 'stack' ? 0 : layOf(grid, view).axis)

/**
 * One picture of a stack: its slices as they were made, or a plane across them orthogonal to the grid, so that every voxel that
 * shows can also be painted. Both are flat images to the graphics card, which never holds the volume.
 */
export class Pane implements Projection {
  readonly axis: Axis
  slice: number
  private readonly viewport: Viewport
  private readonly imageIds: readonly string[]
  private freshenTimer = 0
  private isWhole = false
  private shown = false
  /** Of a picture across the slices: what nothing has come of when it was put together last. */
  private gaps: readonly Gap[] = []
  private readonly observer: ResizeObserver
  private disposed = false
  private window: Window | null = null
  private readonly unwatch: () => void

  constructor(
    readonly spec: PaneSpec,
    readonly element: HTMLDivElement,
    private readonly stackOpen: OpenStack,
    private readonly engine: RenderingEngine,
    private readonly onChange: (pane: Pane) => void,
    onWindow: (pane: Pane, window: Window) => void,
  ) {
    this.axis = axisOf(stackOpen.images.grid, spec.view)
    this.slice = Math.floor(this.count / 2)
    const { images, coarse } = stackOpen
    this.imageIds = spec.view === 'stack' || this.axis === 0 ? images.imageIds : rememberPlane({ images, lay: layOf(images.grid, spec.view), coarse: (slice) => coarse.get(slice) })
    engine.enableElement({
      viewportId: spec.id,
      element,
      type: Enums.ViewportType.STACK,
      defaultOptions: { background: [0, 0, 0] },
    })
    this.viewport = engine.getViewport<Viewport>(spec.id)
    this.observer = new ResizeObserver(() => this.resized())
    this.observer.observe(element)
    for (const name of [Enums.Events.IMAGE_RENDERED, Enums.Events.VOI_MODIFIED]) element.addEventListener(name, this.changed)
    this.unwatch = watchWindowDrag(element, () => this.range, (made) => onWindow(this, (this.window = made)))
  }

  get images(): StackImages {
    return this.stackOpen.images
  }

  /** Whether the picture is put together from many slices. */
  private get isAcross(): boolean {
    return this.axis !== 0
  }

  get loader(): StackLoader {
    return this.stackOpen.loader
  }

  get grid(): StackGrid {
    return this.images.grid
  }

  get frame(): string {
    return frameOf(this.images.manifest)
  }

  get count(): number {
    return this.images.grid.geometry.shape[this.axis]
  }

  get cornerstone(): Viewport {
    return this.viewport
  }

  /** Where this pane stands, for one that takes its place. */
  get stand(): Stand {
    return { slice: this.slice, camera: this.shown ? this.viewport.getCamera() : null }
  }

  async open(stand?: Stand): Promise<void> {
    if (stand) this.slice = stand.slice
    if (this.isAcross) this.gaps = this.gapsNow()
    try {
      await this.viewport.setStack([...this.imageIds], this.slice)
    } catch {
      // the slice is lost; the loader says so and offers to try again
    }
    if (this.disposed) return
    this.shown = true
    if (this.window) this.setWindow(this.window)
    if (stand?.camera) this.viewport.setCamera(stand.camera)
    this.goTo(this.slice)
    this.onChange(this)
  }

  /** Call once when the picture is on the screen, or when it was not drawn for so long. */
  onceDrawn(act: () => void, patience: number): void {
    const done = (): void => {
      window.clearTimeout(timer)
      this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, done)
      act()
    }
    const timer = window.setTimeout(done, patience)
    this.element.addEventListener(Enums.Events.IMAGE_RENDERED, done)
    this.viewport.render()
  }

  private readonly changed = (): void => {
    this.onChange(this)
  }

  private gapsNow(): Gap[] {
    return gapsOf(this.images, (slice) => this.stackOpen.coarse.get(slice))
  }

  /** The slices that a picture across them shows nothing of; it is dark there as if there were nothing in the patient. */
  get missing(): readonly Gap[] {
    return this.gaps
  }

  private get range(): { lower: number; upper: number } | undefined {
    return (this.viewport.getProperties() as { voiRange?: { lower: number; upper: number } }).voiRange
  }

  private resized(): void {
    if (this.disposed || !this.element.clientWidth) return
    this.engine.resize(true, true)
    this.onChange(this)
  }

  /** How the slice looked at stands: shown, still coming, or lost. In a volume one lost slice is a dark line, not a dark picture. */
  get loading(): PaneState['loading'] {
    if (this.isAcross) return this.loader.loaded > 0 ? 'loaded' : 'waiting'
    const state = this.loader.states[this.slice] ?? 'waiting'
    return state === 'waiting' && this.shown && this.stackOpen.coarse.get(this.slice) ? 'coarse' : state
  }

  /** The slice at low resolution, through the window it is seen through; null when the slice itself is there. */
  coarse(): HTMLCanvasElement | null {
    const slice = this.loading === 'coarse' ? this.stackOpen.coarse.get(this.slice) : undefined
    return slice ? coarsePicture(slice, this.window, this.isInverted) : null
  }

  /** Show a slice; whatever is not there yet is asked for first and never replaced by another slice. */
  goTo(slice: number): void {
    this.slice = Math.max(0, Math.min(this.count - 1, Math.round(slice)))
    if (this.axis === 0) this.loader.lookAt(this.slice)
    if (!this.shown) return
    if (this.isAcross || this.loader.states[this.slice] === 'loaded') void this.turnTo(this.slice)
    this.onChange(this)
  }

  private async turnTo(slice: number): Promise<void> {
    const { imageIds, viewport } = this
    const before = viewport.getCurrentImageIdIndex()
    if (before === slice) return
    await viewport.setImageIdIndex(slice)
    if (this.isAcross && imageIds[before] && before !== this.slice) dropImage(imageIds[before])
  }

  private get focal(): Vec3 {
    return vec3(this.viewport.getCamera().focalPoint ?? [0, 0, 0])
  }

  private shift(by: Vec3): void {
    const { focalPoint, position } = this.viewport.getCamera()
    if (!focalPoint || !position) return
    this.viewport.setCamera({ focalPoint: point3(add(vec3(focalPoint), by)), position: point3(add(vec3(position), by)) })
    this.viewport.render()
  }

  /** A slice arrived, whole or at low resolution: show it where it is part of the picture. */
  arrived(index: number): void {
    if (!this.shown) return
    if (this.isAcross) this.freshenTimer ||= window.setTimeout(() => this.freshen(), FRESHEN_MS)
    else if (index === this.slice && this.loader.states[index] === 'loaded') void this.viewport.setImageIdIndex(index).then(() => this.viewport.render())
  }

  private freshen(): void {
    this.freshenTimer = 0
    if (this.disposed || this.isWhole) return
    const image = this.viewport.getCornerstoneImage() as Types.IImage | undefined
    this.isWhole = this.loader.loaded === this.images.imageIds.length
    this.gaps = this.gapsNow()
    if (image) {
      freshen(image)
      this.viewport.renderImageObject(image)
      this.viewport.render()
    }
    // the other pictures kept of this plane were put together before
    this.imageIds.forEach((imageId) => imageId !== image?.imageId && dropImage(imageId))
  }

  /** Bring a point into view: its slice, and its place if it lies outside. */
  lookAt(point: Vec3, heightMm?: number): void {
    if (!this.shown) return
    this.goTo(this.grid.toIndex(point)[this.axis])
    const camera = this.viewport.getCamera()
    const [x, y] = this.toCanvas(point)
    const { clientWidth: width, clientHeight: height } = this.element
    const outside = x < width * 0.1 || x > width * 0.9 || y < height * 0.1 || y > height * 0.9
    if (heightMm !== undefined) this.viewport.setCamera({ parallelScale: Math.min(camera.parallelScale ?? Infinity, heightMm / 2) })
    if (outside || heightMm !== undefined) {
      const normal = vec3(camera.viewPlaneNormal ?? [0, 0, 1])
      const away = subtract(point, this.focal)
      this.shift(subtract(away, scale(normal, dot(away, normal))))
    }
    this.viewport.render()
  }

  setWindow(window: Window): void {
    this.window = window
    if (!this.shown) return
    this.viewport.setProperties({ voiRange: { lower: window.center - window.width / 2, upper: window.center + window.width / 2 } })
    this.viewport.render()
  }

  reset(): void {
    const { slice } = this
    this.viewport.resetCamera()
    this.goTo(slice)
    this.viewport.render()
  }

  zoomBy(factor: number): void {
    const { parallelScale } = this.viewport.getCamera()
    if (parallelScale) this.viewport.setCamera({ parallelScale: parallelScale / factor })
    this.viewport.render()
  }

  rotate(): void {
    if (this.spec.view !== 'stack') return
    const viewport = this.viewport
    const { rotation = 0 } = (viewport.getViewPresentation() as { rotation?: number } | undefined) ?? {}
    viewport.setViewPresentation({ rotation: (rotation + 90) % 360 })
    viewport.render()
  }

  flip(): void {
    this.viewport.setCamera({ flipHorizontal: !(this.viewport.getCamera().flipHorizontal ?? false) })
    this.viewport.render()
  }

  private get isInverted(): boolean {
    return (this.viewport.getProperties() as { invert?: boolean } | undefined)?.invert ?? false
  }

  invert(): void {
    this.viewport.setProperties({ invert: !this.isInverted })
    this.viewport.render()
  }

  /** Move the picture by CSS pixels. */
  panBy(x: number, y: number): void {
    const middle = this.middle
    this.shift(subtract(middle, this.toWorld(this.width / 2 + x, this.height / 2 + y)))
  }

  get width(): number {
    return this.element.clientWidth
  }

  get height(): number {
    return this.element.clientHeight
  }

  get mmPerPixel(): number {
    return length(subtract(this.toWorld(this.width / 2 + 1, this.height / 2), this.middle))
  }

  holds(point: Vec3): boolean {
    const { point: on, normal } = this.plane
    return Math.abs(dot(subtract(point, on), normal)) <= this.grid.geometry.spacing[this.axis] * 0.5 + 1e-6
  }

  toCanvas(point: Vec3): readonly [number, number] {
    const [x, y] = this.viewport.worldToCanvas(point3(point))
    return [x, y]
  }

  toWorld(x: number, y: number): Vec3 {
    return vec3(this.viewport.canvasToWorld([x, y]))
  }

  /** The fractional [slice, row, column] under a place of the canvas, on the slice that shows. */
  toIndex(x: number, y: number): Vec3 {
    return this.indexAt(this.toWorld(x, y))
  }

  private indexAt(point: Vec3): Vec3 {
    const index = [...(this.axis === 0 && !this.grid.isVolume ? this.grid.toIndexOn(this.slice, point) : this.grid.toIndex(point))] as [number, number, number]
    return index
  }

  /** Pins a pointer's index to the slice that shows. */
  onSlice(index: Vec3): Vec3 {
    return [this.axis === 0 ? this.slice : index[0], this.axis === 1 ? this.slice : index[1], this.axis === 2 ? this.slice : index[2]]
  }

  /** The affine map from plane coordinates (x right, y down in the labelmap's plane) to the canvas, as a DOMMatrix takes it. */
  planeToCanvas(): DOMMatrix {
    const at = (u: number, v: number) => this.toCanvas(this.grid.toWorld(this.planeIndex(u, v)))
    const origin = at(0, 0)
    const right = at(1, 0)
    const down = at(0, 1)
    return new DOMMatrix([right[0] - origin[0], right[1] - origin[1], down[0] - origin[0], down[1] - origin[1], origin[0], origin[1]])
  }

  planeIndex(u: number, v: number): Vec3 {
    return this.axis === 0 ? [this.slice, v, u] : this.axis === 1 ? [v, this.slice, u] : [v, u, this.slice]
  }

  planeOf(labelmap: Labelmap): ReturnType<Labelmap['plane']> {
    return labelmap.plane(this.axis, this.slice)
  }

  /** The plane looked at: a point on it and its normal. */
  get plane(): { point: Vec3; normal: Vec3; corners: Vec3[] } {
    const { shape } = this.grid.geometry
    const high = [shape[2], shape[1]] as const
    const [w, h] = this.axis === 0 ? high : this.axis === 1 ? [shape[2], shape[0]] : [shape[1], shape[0]]
    const corners = [
      [-0.5, -0.5],
      [w - 0.5, -0.5],
      [w - 0.5, h - 0.5],
      [-0.5, h - 0.5],
    ].map(([u, v]) => this.grid.toWorld(this.planeIndex(u!, v!)))
    const normal = normalize(cross(subtract(corners[1]!, corners[0]!), subtract(corners[3]!, corners[0]!)))
    return { point: scale(add(corners[0]!, corners[2]!), 0.5), normal, corners }
  }

  /** The middle of what is on the screen, on the slice that shows. */
  get middle(): Vec3 {
    return this.toWorld(this.element.clientWidth / 2, this.element.clientHeight / 2)
  }

  get state(): PaneState {
    const nothing = { slice: this.slice, count: this.count, loading: this.loading, window: this.window, letters: null, mmPerPixel: 0, isCalibrated: this.grid.isCalibrated, zoom: 1 }
    if (!this.shown || this.disposed || (this.loading !== 'loaded' && this.loading !== 'coarse')) return nothing
    const middle = this.middle
    const width = this.element.clientWidth
    const height = this.element.clientHeight
    const right = subtract(this.toWorld(width / 2 + 1, height / 2), middle)
    const down = subtract(this.toWorld(width / 2, height / 2 + 1), middle)
    const { range } = this
    const mmPerPixel = length(right)
    const [left, onRight, top, bottom] = [scale(right, -1), right, scale(down, -1), down].map((direction) => this.grid.sideOf(direction))
    return {
      ...nothing,
      window: range ? { center: (range.lower + range.upper) / 2, width: range.upper - range.lower } : this.window,
      letters: left && onRight && top && bottom ? { left, right: onRight, top, bottom } : null,
      mmPerPixel,
      zoom: mmPerPixel ? this.grid.geometry.spacing[2] / mmPerPixel : 1,
    }
  }

  dispose(): void {
    this.disposed = true
    window.clearTimeout(this.freshenTimer)
    this.observer.disconnect()
    for (const name of [Enums.Events.IMAGE_RENDERED, Enums.Events.VOI_MODIFIED]) this.element.removeEventListener(name, this.changed)
    this.unwatch()
    this.engine.disableElement(this.spec.id)
  }
}
