import type { Axis } from '@/geometry/labelmap'
import { scale, normalize, type Vec3 } from '@/geometry/vector'
import type { Pixels } from './decoder'
import { isColour } from './images'
import { gapsOf, layOf, planeMade, sizeOf, type Along, type StackPlane } from './lay'
import type { PaneSpec, PaneState } from './pane'
import type { OpenStack } from './shelf'

/** Slices come by the hundred; a plane across them is drawn anew this often at most. */
const REDRAW_MS = 300

interface Picture {
  readonly width: number
  readonly height: number
  readonly values: Pixels
}

/**
 * The first picture of a pane: the slice where reading begins, drawn by the page itself while the library is still on its way, at
 * the place and through the window it will have there. Nothing can be done with it but look.
 */
export class Still {
  private readonly canvas = document.createElement('canvas')
  private readonly plane: StackPlane | null
  private readonly axis: Axis
  private readonly slice: number
  private readonly right: Along
  private readonly down: Along
  private shown: 'nothing' | 'coarse' | 'sharp' = 'nothing'
  private timer = 0
  private readonly observer: ResizeObserver

  constructor(
    readonly spec: PaneSpec,
    readonly element: HTMLDivElement,
    private readonly open: OpenStack,
    private readonly drawn: () => void,
  ) {
    const { images, coarse } = open
    const lay = spec.view === 'stack' ? null : layOf(images.grid, spec.view)
    this.plane = lay && lay.axis !== 0 ? { images, lay, coarse: (slice) => coarse.get(slice) } : null
    this.axis = this.plane?.lay.axis ?? 0
    this.right = this.plane?.lay.right ?? { axis: 2, grows: true }
    this.down = this.plane?.lay.down ?? { axis: 1, grows: true }
    this.slice = Math.floor(images.grid.geometry.shape[this.axis] / 2)
    this.canvas.dataset['still'] = spec.id
    this.canvas.setAttribute('aria-hidden', 'true')
    this.canvas.style.cssText = 'position:absolute;z-index:1;background:#000;pointer-events:none'
    // above what the library puts there, below the words at the edges
    element.style.isolation = 'isolate'
    this.observer = new ResizeObserver(() => this.place())
    this.observer.observe(element)
  }

  /** Whether the picture is the whole truth of its slice, not a low resolution of it. */
  get isSharp(): boolean {
    return this.shown === 'sharp'
  }

  /** Something of the stack came. */
  arrived(index = this.slice): void {
    if (this.plane) this.timer ||= window.setTimeout(() => this.draw(), REDRAW_MS)
    else if (index === this.slice && !this.isSharp) this.draw()
  }

  /** The values to draw and how true they are; null while there are none. */
  private picture(): (Picture & { readonly isSharp: boolean }) | null {
    const { images, coarse, loader } = this.open
    // what nothing has come of would pass for air
    if (this.plane) return !gapsOf(images, this.plane.coarse).length ? { ...planeMade(this.plane, this.slice), isSharp: loader.loaded === images.imageIds.length } : null
    const whole = images.decoded.get(this.slice)
    const made = whole ?? coarse.get(this.slice)
    return made ? { width: made.columns, height: made.rows, values: made.values, isSharp: whole !== undefined } : null
  }

  private draw(): void {
    this.timer = 0
    const { open, canvas } = this
    const picture = this.picture()
    const colour = isColour(open.images.manifest)
    if (!picture || (!colour && !open.window)) return
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (!context) return
    canvas.width = picture.width
    canvas.height = picture.height
    const image = context.createImageData(picture.width, picture.height)
    const { values } = picture
    const isInverted = open.images.manifest.photometric === 'MONOCHROME1'
    const low = open.window ? open.window.center - open.window.width / 2 : 0
    const gain = 255 / (open.window?.width ?? 255)
    const { data } = image
    const samples = colour ? 3 : 1
    for (let at = 0, to = 0; to < data.length; at += samples, to += 4) {
      if (colour) {
        data[to] = values[at]!
        data[to + 1] = values[at + 1]!
        data[to + 2] = values[at + 2]!
      } else {
        const grey = (values[at]! - low) * gain
        data[to] = data[to + 1] = data[to + 2] = isInverted ? 255 - grey : grey
      }
      data[to + 3] = 255
    }
    context.putImageData(image, 0, 0)
    this.shown = picture.isSharp ? 'sharp' : 'coarse'
    if (!canvas.isConnected) this.element.append(canvas)
    this.place()
    this.drawn()
  }

  /** mm to the right and down that the picture is wide and high. */
  private get size(): { readonly width: number; readonly height: number } {
    const { images } = this.open
    const { spacing } = images.grid.geometry
    const { width, height } = sizeOf(this.plane ?? { images, lay: { axis: 0, right: this.right, down: this.down }, coarse: () => undefined })
    return { width: width * spacing[this.right.axis], height: height * spacing[this.down.axis] }
  }

  private get mmPerPixel(): number {
    const { width, height } = this.size
    return Math.max(width / Math.max(1, this.element.clientWidth), height / Math.max(1, this.element.clientHeight))
  }

  /** As large as it fits, in the middle: where the library will have it. */
  private place(): void {
    const { width, height } = this.size
    const { mmPerPixel, canvas, element } = this
    const [wide, high] = [width / mmPerPixel, height / mmPerPixel]
    Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px`, left: `${(element.clientWidth - wide) / 2}px`, top: `${(element.clientHeight - high) / 2}px` })
  }

  get state(): PaneState {
    const { open, mmPerPixel } = this
    const { grid } = open.images
    const towards = ({ axis, grows }: Along): Vec3 => scale(normalize(grid.geometry.steps[axis]), grows ? 1 : -1)
    const own = grid.slicePlane(this.slice)
    const [right, down] = this.plane ? [towards(this.right), towards(this.down)] : [own.row, own.column]
    const [left, onRight, top, bottom] = [scale(right, -1), right, scale(down, -1), down].map((direction) => grid.sideOf(direction))
    return {
      slice: this.slice,
      count: grid.geometry.shape[this.axis],
      loading: this.shown === 'coarse' && !this.plane ? 'coarse' : 'waiting',
      isStill: this.shown !== 'nothing',
      window: open.window,
      letters: left && onRight && top && bottom ? { left, right: onRight, top, bottom } : null,
      mmPerPixel,
      isCalibrated: grid.isCalibrated,
      zoom: mmPerPixel ? grid.geometry.spacing[2] / mmPerPixel : 1,
    }
  }

  remove(): void {
    window.clearTimeout(this.timer)
    this.observer.disconnect()
    this.canvas.remove()
  }
}
