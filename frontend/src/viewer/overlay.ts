import { dot, subtract, type Vec3 } from '@/geometry/vector'
import { partOf } from './images'
import { drawLens, type Pointer } from './lens'
import type { Layers } from './layers'
import type { MaskLayer, OutlineCache, SegmentStyle } from './masks'
import type { Pane } from './pane'

export interface OverlayOptions {
  /** False while the bare image is looked at. */
  readonly areMasksShown: boolean
  /** How strongly the inside of a structure is tinted, 0 to 1; outlines stay. */
  readonly fill: number
  readonly hasReferenceLines: boolean
}

interface Line {
  readonly from: readonly [number, number]
  readonly to: readonly [number, number]
  readonly text: string
}

export interface Flash {
  readonly stack: string
  readonly axisZeroSlice: number
  readonly box: readonly [left: number, top: number, right: number, bottom: number]
}

export interface CursorMark {
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly text: string
  readonly colour: string
  readonly path?: readonly (readonly [number, number])[]
}

const FONT = '500 11px Inter, "Segoe UI", Roboto, "Helvetica Neue", Helvetica, "Nimbus Sans", Arial, sans-serif'
const HALO = 'rgb(0 0 0 / 60%)'
const GLASS = 'rgb(8 9 10 / 84%)'
const BONE = 'rgb(223 202 154 / 80%)'

/** Everything drawn over a picture: outlines with a dark halo, names, where the other planes cut, the brush. */
export class Overlay {
  private readonly low = document.createElement('canvas')
  private readonly canvas = document.createElement('canvas')
  private readonly above = document.createElement('canvas')
  private readonly cursor = document.createElement('canvas')
  private isMagnifying = false
  private cursorMark: CursorMark | null = null
  private pointer: Pointer | null = null
  flash: Flash | null = null
  mark: Vec3 | null = null

  constructor(private readonly pane: Pane) {
    for (const [canvas, name] of [
      [this.low, 'coarse'],
      [this.canvas, 'mask'],
      [this.above, 'layers'],
      [this.cursor, 'cursor'],
    ] as const) {
      canvas.dataset['overlay'] = name
      canvas.setAttribute('aria-hidden', 'true')
      canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;pointer-events:none'
      pane.element.append(canvas)
    }
  }

  private begin(canvas: HTMLCanvasElement): CanvasRenderingContext2D | null {
    const ratio = window.devicePixelRatio || 1
    const width = this.pane.element.clientWidth
    const height = this.pane.element.clientHeight
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
    }
    const context = canvas.getContext('2d')
    context?.setTransform(ratio, 0, 0, ratio, 0, 0)
    context?.clearRect(0, 0, width, height)
    return context
  }

  draw(masks: readonly MaskLayer[], outlines: OutlineCache, others: readonly Pane[], options: OverlayOptions): void {
    const context = this.begin(this.canvas)
    const isCoarse = this.drawCoarse()
    if (!context || (this.pane.loading !== 'loaded' && !isCoarse)) return
    const toCanvas = this.pane.planeToCanvas()
    this.drawGaps(context, toCanvas)
    if (options.areMasksShown) {
      const chips: Chip[] = []
      for (const mask of masks) this.drawMask(context, mask, outlines, toCanvas, options, chips)
      drawChips(context, chips, this.pane.element.clientHeight)
    }
    if (options.areMasksShown && options.hasReferenceLines) for (const line of this.referenceLines(others)) drawLine(context, line)
    if (options.areMasksShown) this.drawMark(context)
    this.drawFlash(context, toCanvas)
    if (this.isMagnifying) this.drawCursor(this.cursorMark)
  }

  /** Cover the picture, which still shows another slice, by a low resolution of this one. */
  private drawCoarse(): boolean {
    const picture = this.pane.coarse()
    this.low.style.display = picture ? '' : 'none'
    if (!picture) return false
    const context = this.begin(this.low)
    if (!context) return false
    context.fillStyle = '#000'
    context.fillRect(0, 0, this.pane.width, this.pane.height)
    const { a, b, c, d, e, f } = this.pane.planeToCanvas()
    const part = partOf(this.pane.images)
    context.transform(a, b, c, d, e, f)
    context.imageSmoothingQuality = 'high'
    context.drawImage(picture, part.column - 0.5, part.row - 0.5, part.columns, part.rows)
    return true
  }

  /** Hatch what has not come yet: it must not pass for tissue, nor for air. */
  private drawGaps(context: CanvasRenderingContext2D, toCanvas: DOMMatrix): void {
    const { missing, axis, images } = this.pane
    const part = partOf(images)
    const [from, size] = axis === 1 ? [part.column, part.columns] : [part.row, part.rows]
    for (const gap of missing) {
      const rectangle = new Path2D()
      rectangle.rect(from - 0.5, gap.from - 0.5, size, gap.to - gap.from + 1)
      const path = new Path2D()
      path.addPath(rectangle, toCanvas)
      hatch(context, path, this.pane.width, this.pane.height)
    }
  }

  private drawMask(context: CanvasRenderingContext2D, mask: MaskLayer, outlines: OutlineCache, toCanvas: DOMMatrix, options: OverlayOptions, chips: Chip[]): void {
    const shapes = [...outlines.shapes(mask, this.pane.axis, this.pane.slice)]
      .map(([id, shape]) => ({ shape, style: mask.style(id) }))
      .filter((entry): entry is { shape: (typeof entry)['shape']; style: SegmentStyle } => entry.style?.isVisible ?? false)
      .sort((a, b) => Number(a.style.isActive) - Number(b.style.isActive))
    for (const { shape, style } of shapes) {
      const path = new Path2D()
      path.addPath(shape.path, toCanvas)
      const fill = style.isReference || (style.isProposal && !style.isActive) ? 0 : options.fill * (style.isActive ? 1 : 0.6)
      if (fill > 0) {
        context.globalAlpha = fill
        context.fillStyle = style.colour
        context.fill(path, 'evenodd')
        context.globalAlpha = 1
      }
      const weight = style.isActive ? 2.4 : 1.5
      context.lineJoin = 'round'
      context.strokeStyle = HALO
      context.lineWidth = weight + 2
      context.stroke(path)
      context.strokeStyle = style.colour
      context.lineWidth = weight
      context.setLineDash(style.isReference ? [5, 4] : [])
      context.stroke(path)
      context.setLineDash([])
      if (style.hasChip) {
        const { box } = shape
        const corners = [
          [box.left - 0.5, box.top - 0.5],
          [box.right + 0.5, box.top - 0.5],
          [box.right + 0.5, box.bottom + 0.5],
          [box.left - 0.5, box.bottom + 0.5],
        ].map(([u, v]) => toCanvas.transformPoint({ x: u!, y: v! }))
        const centre = toCanvas.transformPoint({ x: box.sumX / box.count, y: box.sumY / box.count })
        const across = Math.max(...corners.map((corner) => corner.x)) - Math.min(...corners.map((corner) => corner.x))
        if (across > 10) chips.push({ x: Math.min(...corners.map((corner) => corner.x)) - 8, y: centre.y, style })
      }
    }
  }

  /** Where the planes of the other panes cut this one. */
  private referenceLines(others: readonly Pane[]): Line[] {
    const mine = this.pane.plane
    return others.flatMap((other) => {
      if (other === this.pane || other.frame !== this.pane.frame || other.loading !== 'loaded') return []
      const plane = other.plane
      if (Math.abs(dot(plane.normal, mine.normal)) > 0.94) return []
      const away = plane.corners.map((corner) => dot(subtract(corner, mine.point), mine.normal))
      const cuts: Vec3[] = []
      plane.corners.forEach((corner, i) => {
        const next = plane.corners[(i + 1) % 4]!
        const from = away[i]!
        const to = away[(i + 1) % 4]!
        if (from * to > 0 || from === to) return
        const share = from / (from - to)
        cuts.push([0, 1, 2].map((axis) => corner[axis]! + share * (next[axis]! - corner[axis]!)) as unknown as Vec3)
      })
      const [a, b] = cuts
      if (!a || !b) return []
      return [{ from: this.pane.toCanvas(a), to: this.pane.toCanvas(b), text: `${other.spec.view === 'stack' ? other.grid.plane : other.spec.view} ${other.slice + 1}` }]
    })
  }

  private drawMark(context: CanvasRenderingContext2D): void {
    if (!this.mark) return
    const { point, normal } = this.pane.plane
    if (Math.abs(dot(subtract(this.mark, point), normal)) > this.pane.grid.geometry.spacing[this.pane.axis] * 0.75) return
    const [x, y] = this.pane.toCanvas(this.mark)
    context.strokeStyle = BONE
    context.lineWidth = 1
    context.beginPath()
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      context.moveTo(x + dx * 6, y + dy * 6)
      context.lineTo(x + dx * 18, y + dy * 18)
    }
    context.stroke()
  }

  private drawFlash(context: CanvasRenderingContext2D, toCanvas: DOMMatrix): void {
    const { flash } = this
    if (flash?.stack !== this.pane.spec.stack || this.pane.axis !== 0 || flash.axisZeroSlice !== this.pane.slice) return
    const [left, top, right, bottom] = flash.box
    const path = new Path2D()
    const rectangle = new Path2D()
    rectangle.rect(left - 1.5, top - 1.5, right - left + 3, bottom - top + 3)
    path.addPath(rectangle, toCanvas)
    context.strokeStyle = BONE
    context.lineWidth = 2
    context.stroke(path)
  }

  /** What others draw over the picture, on a canvas of its own: a handle moves without drawing every outline anew. */
  drawLayers(layers: Layers, areShown: boolean): void {
    const context = this.begin(this.above)
    if (context && areShown && (this.pane.loading === 'loaded' || this.pane.loading === 'coarse')) layers.draw(context, this.pane)
  }

  magnify(isOn: boolean): void {
    this.isMagnifying = isOn
    this.drawCursor(this.cursorMark, this.pointer)
  }

  drawCursor(mark: CursorMark | null, pointer: Pointer | null = this.pointer): void {
    this.cursorMark = mark
    this.pointer = pointer
    this.cursor.dataset['says'] = mark?.text ?? ''
    const context = this.begin(this.cursor)
    if (context && this.isMagnifying && pointer) drawLens(context, this.pane.element, pointer, mark)
    else if (context && mark) this.drawMarkOf(context, mark)
  }

  private drawMarkOf(context: CanvasRenderingContext2D, mark: CursorMark): void {
    if (mark.path && mark.path.length > 1) {
      context.beginPath()
      mark.path.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)))
      context.strokeStyle = HALO
      context.lineWidth = 3.5
      context.stroke()
      context.strokeStyle = mark.colour
      context.lineWidth = 1.5
      context.setLineDash([5, 3])
      context.stroke()
      context.setLineDash([])
    }
    if (mark.radius > 0) {
      for (const [width, colour] of [[3.4, HALO], [1.4, '#e1e5e9']] as const) {
        context.beginPath()
        context.arc(mark.x, mark.y, Math.max(2, mark.radius), 0, Math.PI * 2)
        context.lineWidth = width
        context.strokeStyle = colour
        context.stroke()
      }
    }
    if (mark.text) label(context, mark.x + Math.max(6, mark.radius) + 8, mark.y, mark.text, 'left')
  }

  dispose(): void {
    this.low.remove()
    this.canvas.remove()
    this.above.remove()
    this.cursor.remove()
  }
}

const HATCH_PX = 9
/** In a picture of this width the letter at the foot stands above the words in the corners (read.module.css). */
const NARROW_PX = 440

const hatch = (context: CanvasRenderingContext2D, path: Path2D, width: number, height: number): void => {
  context.save()
  context.clip(path)
  context.fillStyle = '#000'
  context.fillRect(0, 0, width, height)
  context.beginPath()
  for (let x = -height; x < width; x += HATCH_PX) {
    context.moveTo(x, height)
    context.lineTo(x + height, 0)
  }
  context.strokeStyle = 'rgb(143 156 170 / 45%)'
  context.lineWidth = 1
  context.stroke()
  context.restore()
}

interface Chip {
  x: number
  y: number
  style: SegmentStyle
}

const drawChips = (context: CanvasRenderingContext2D, chips: Chip[], height: number): void => {
  chips.sort((a, b) => a.y - b.y)
  let last = -Infinity
  for (const chip of chips) {
    const y = Math.max(chip.y, last + 20)
    last = y
    if (y < 8 || y > height - 8) continue
    const text = chip.style.isDoubtful ? `${chip.style.name} !` : chip.style.name
    context.font = FONT
    const width = context.measureText(text).width + 12
    const x = Math.max(34, chip.x - width)
    context.fillStyle = GLASS
    context.strokeStyle = chip.style.isActive ? '#e1e5e9' : chip.style.colour
    context.lineWidth = 1
    context.beginPath()
    context.roundRect(x + 0.5, Math.round(y) - 8.5, width, 18, 3)
    context.fill()
    context.stroke()
    context.fillStyle = chip.style.isDoubtful ? '#f0b64a' : '#e1e5e9'
    context.textAlign = 'left'
    context.textBaseline = 'middle'
    context.fillText(text, x + 6, y + 0.5)
  }
}

const drawLine = (context: CanvasRenderingContext2D, line: Line): void => {
  context.strokeStyle = BONE
  context.lineWidth = 1
  context.setLineDash([7, 5])
  context.beginPath()
  context.moveTo(...line.from)
  context.lineTo(...line.to)
  context.stroke()
  context.setLineDash([])
  const end = line.from[0] + line.from[1] * 0.01 > line.to[0] + line.to[1] * 0.01 ? line.from : line.to
  const { width, height } = context.canvas.getBoundingClientRect()
  // clear of the letters in the middle of each side, and of the words in the corners
  const foot = width > NARROW_PX ? 40 : 66
  label(context, Math.min(Math.max(end[0] + 6, 34), width - 110), Math.min(Math.max(end[1] - 12, 48), height - foot), line.text, 'left', BONE)
}

const label = (context: CanvasRenderingContext2D, x: number, y: number, text: string, align: 'left' | 'right', colour = '#c9ced3'): void => {
  context.font = FONT
  const width = context.measureText(text).width + 10
  const left = align === 'left' ? x : x - width
  context.fillStyle = 'rgb(8 9 10 / 66%)'
  context.beginPath()
  context.roundRect(left, y - 8, width, 16, 3)
  context.fill()
  context.fillStyle = colour
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.fillText(text, left + 5, y + 0.5)
}
