import { paint } from '@/geometry/brush'
import { LabelmapEdit, type Labelmap } from '@/geometry/labelmap'
import type { Patch } from '@/geometry/patch'
import { cutPolygon } from '@/geometry/polygon'
import { length, subtract, type Vec3 } from '@/geometry/vector'
import { pixelsOf } from './images'
import type { CursorMark } from './overlay'
import type { Pane } from './pane'

export type PaintTool = 'brush' | 'erase' | 'lasso'
export type PointTool = 'crosshair' | 'click' | 'name'
export type ViewTool = 'window' | 'pan' | 'zoom'
export type ToolName = PaintTool | PointTool | ViewTool

export interface BrushSettings {
  readonly radius: number
  readonly isSphere: boolean
  /** Paint only voxels whose value lies in this range, inclusive. */
  readonly range: readonly [low: number, high: number] | null
}

/** What the next stroke would write into, or why there is none. */
export interface PaintTarget {
  readonly labelmap: Labelmap
  readonly layer: string
  readonly segment: number
  readonly colour: string
  readonly mayOverwrite: (id: number) => boolean
}

export interface PaintedPatch {
  readonly stack: string
  readonly layer: string
  readonly segment: number
  readonly tool: string
  readonly patch: Patch
}

export interface PainterHost {
  readonly tool: ToolName
  readonly brush: BrushSettings
  target: (pane: Pane) => PaintTarget | { readonly refused: string }
  changed: (pane: Pane) => void
  painted: (patch: PaintedPatch) => void
  refused: (reason: string, ids: readonly number[]) => void
  pointed: (pane: Pane, index: Vec3, event: PointerEvent) => void
  activated: (pane: Pane) => void
  cursor: (pane: Pane, mark: CursorMark | null) => void
}

const PAINTS = new Set<ToolName>(['brush', 'erase', 'lasso'])
const POINTS = new Set<ToolName>(['crosshair', 'click', 'name'])

interface Stroke {
  readonly edit: LabelmapEdit
  readonly target: PaintTarget
  readonly pointer: number
  last: Vec3
  erases: boolean
  readonly path: (readonly [number, number])[]
}

/** Draws on one pane with the pointer. Reads every place the pointer passed, also those between two frames. */
export class Painter {
  private stroke: Stroke | null = null
  private at: { x: number; y: number } | null = null

  constructor(
    private readonly pane: Pane,
    private readonly host: PainterHost,
  ) {
    const { element } = pane
    element.addEventListener('pointerdown', this.down, { capture: true })
    element.addEventListener('pointermove', this.move)
    element.addEventListener('pointerup', this.up)
    element.addEventListener('pointercancel', this.cancelled)
    element.addEventListener('pointerleave', this.left)
    element.addEventListener('mousedown', this.swallow, { capture: true })
    window.addEventListener('keydown', this.shift)
    window.addEventListener('keyup', this.shift)
  }

  get isDrawing(): boolean {
    return this.stroke !== null
  }

  private place(event: { clientX: number; clientY: number }): { x: number; y: number } {
    const box = this.pane.element.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  private index(place: { x: number; y: number }): Vec3 {
    return this.pane.onSlice(this.pane.toIndex(place.x, place.y))
  }

  /** Cornerstone waits 400 ms for a double press before it says anything; what we draw must not wait with it. */
  private readonly swallow = (event: MouseEvent): void => {
    if (event.button === 0 && !event.ctrlKey && (PAINTS.has(this.host.tool) || POINTS.has(this.host.tool))) event.stopImmediatePropagation()
  }

  private readonly down = (event: PointerEvent): void => {
    this.host.activated(this.pane)
    if (event.button !== 0 || event.ctrlKey || this.stroke || this.pane.loading !== 'loaded') return
    const place = this.place(event)
    if (POINTS.has(this.host.tool)) {
      event.preventDefault()
      this.host.pointed(this.pane, this.index(place), event)
      return
    }
    if (!PAINTS.has(this.host.tool)) return
    event.preventDefault()
    const target = this.host.target(this.pane)
    if ('refused' in target) {
      this.host.refused(target.refused, [])
      return
    }
    this.pane.element.setPointerCapture(event.pointerId)
    const index = this.index(place)
    this.stroke = {
      edit: new LabelmapEdit(target.labelmap, target.mayOverwrite),
      target,
      pointer: event.pointerId,
      last: index,
      erases: this.erases(event.shiftKey),
      path: [[place.x, place.y]],
    }
    if (this.host.tool !== 'lasso') this.dab(this.stroke, index)
    this.showCursor(event)
  }

  private readonly move = (event: PointerEvent): void => {
    this.showCursor(event)
    const { stroke } = this
    if (stroke?.pointer !== event.pointerId) return
    stroke.erases = this.erases(event.shiftKey)
    const passed = event.getCoalescedEvents()
    for (const each of passed.length ? passed : [event]) {
      const place = this.place(each)
      stroke.path.push([place.x, place.y])
      if (this.host.tool !== 'lasso') this.dab(stroke, this.index(place))
    }
  }

  private readonly up = (event: PointerEvent): void => {
    const { stroke } = this
    if (stroke?.pointer !== event.pointerId) return
    this.stroke = null
    if (this.host.tool === 'lasso') {
      const { axis } = this.pane
      const ring = stroke.path.map(([x, y]) => {
        const index = this.pane.toIndex(x, y)
        return axis === 0 ? ([index[2], index[1]] as const) : axis === 1 ? ([index[2], index[0]] as const) : ([index[1], index[0]] as const)
      })
      cutPolygon(stroke.edit, axis, this.pane.slice, ring, stroke.erases ? 0 : stroke.target.segment, stroke.erases ? stroke.target.segment : undefined)
    }
    const patch = stroke.edit.finish()
    this.host.changed(this.pane)
    if (stroke.edit.refused.size) this.host.refused('locked', [...stroke.edit.refused])
    const { layer, segment } = stroke.target
    const tool = this.host.tool === 'lasso' ? 'lasso' : stroke.erases ? 'eraser' : this.host.brush.range ? 'threshold-brush' : this.host.brush.isSphere ? 'sphere-brush' : 'brush'
    if (patch.size) this.host.painted({ stack: this.pane.spec.stack, layer, segment, tool, patch })
    this.showCursor(event)
  }

  private readonly cancelled = (event: PointerEvent): void => {
    if (this.stroke?.pointer === event.pointerId) this.cancel()
  }

  private readonly left = (): void => {
    this.at = null
    if (!this.stroke) this.host.cursor(this.pane, null)
  }

  private readonly shift = (event: KeyboardEvent): void => {
    if (event.key === 'Shift' && this.at) this.drawCursor(this.at, event.type === 'keydown')
  }

  /** Drop the stroke under way; the mask is as it was before it. */
  cancel(): void {
    this.stroke?.edit.cancel()
    this.stroke = null
    this.host.changed(this.pane)
    this.host.cursor(this.pane, null)
  }

  private erases(shiftKey: boolean): boolean {
    return (this.host.tool === 'erase') !== shiftKey
  }

  private dab(stroke: Stroke, to: Vec3): void {
    const { isSphere, radius, range } = this.host.brush
    const { edit, target } = stroke
    paint(
      edit,
      { from: stroke.last, to, radius, spacing: this.pane.grid.geometry.spacing, axis: isSphere && this.pane.grid.isVolume ? null : this.pane.axis },
      stroke.erases ? 0 : target.segment,
      { only: stroke.erases ? target.segment : undefined, accept: range && !stroke.erases ? this.inRange(range) : undefined },
    )
    stroke.last = to
    edit.show()
    this.host.changed(this.pane)
  }

  private inRange(range: readonly [number, number]): (slice: number, offset: number) => boolean {
    const pixels = new Map<number, ArrayLike<number> | null>()
    return (slice, offset) => {
      if (!pixels.has(slice)) pixels.set(slice, pixelsOf(this.pane.images, slice))
      const value = pixels.get(slice)?.[offset]
      return value !== undefined && value >= range[0] && value <= range[1]
    }
  }

  private showCursor(event: PointerEvent): void {
    this.at = this.place(event)
    this.drawCursor(this.at, event.shiftKey)
  }

  redrawCursor(): void {
    if (this.at) this.drawCursor(this.at, false)
  }

  private drawCursor(at: { x: number; y: number }, shiftKey: boolean): void {
    const { tool, brush } = this.host
    if (!PAINTS.has(tool) || this.pane.loading !== 'loaded') {
      this.host.cursor(this.pane, null)
      return
    }
    const middle = this.pane.toWorld(at.x, at.y)
    const mm = length(subtract(this.pane.toWorld(at.x + 1, at.y), middle)) || 1
    const target = this.host.target(this.pane)
    const sign = this.erases(shiftKey) ? '−' : '+'
    const size = this.pane.grid.isCalibrated ? `${(brush.radius * 2).toFixed(1)} mm` : `${(brush.radius * 2).toFixed(0)} px`
    this.host.cursor(this.pane, {
      ...at,
      radius: tool === 'lasso' ? 0 : brush.radius / mm,
      text: 'refused' in target ? '' : tool === 'lasso' ? sign : `${sign} ${size}`,
      colour: 'refused' in target ? '#8d959d' : target.colour,
      ...(tool === 'lasso' && this.stroke ? { path: this.stroke.path } : {}),
    })
  }

  dispose(): void {
    const { element } = this.pane
    this.stroke?.edit.cancel()
    element.removeEventListener('pointerdown', this.down, { capture: true })
    element.removeEventListener('pointermove', this.move)
    element.removeEventListener('pointerup', this.up)
    element.removeEventListener('pointercancel', this.cancelled)
    element.removeEventListener('pointerleave', this.left)
    element.removeEventListener('mousedown', this.swallow, { capture: true })
    window.removeEventListener('keydown', this.shift)
    window.removeEventListener('keyup', this.shift)
  }
}
