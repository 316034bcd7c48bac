import type { Patch } from '@/geometry/patch'
import { changedPlace } from './changes'
import type { Layers } from './layers'
import { OutlineCache, type MaskLayer } from './masks'
import type { Overlay, OverlayOptions } from './overlay'
import type { Pane } from './pane'

const FLASH_MS = 900

/** What lies over the pictures: drawn once a frame, and only where something changed. */
export class Drawing {
  private masks: readonly MaskLayer[] = []
  private readonly outlines = new OutlineCache()
  private options: OverlayOptions = { areMasksShown: true, fill: 0.14, hasReferenceLines: true }
  private pending = new Set<string>()
  private areLayersPending = false
  private flashTimer = 0
  private disposed = false

  constructor(
    private readonly panes: ReadonlyMap<string, { readonly pane: Pane; readonly overlay: Overlay }>,
    private readonly layers: Layers,
  ) {}

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

  redrawLayers(): void {
    if (this.areLayersPending) return
    this.areLayersPending = true
    requestAnimationFrame(() => {
      this.areLayersPending = false
      if (!this.disposed) for (const { overlay } of this.panes.values()) overlay.drawLayers(this.layers, this.options.areMasksShown)
    })
  }

  redraw(paneId: string): void {
    if (!this.pending.size) requestAnimationFrame(() => this.drawNow())
    this.pending.add(paneId)
  }

  private drawNow(): void {
    const ids = this.pending
    this.pending = new Set()
    if (this.disposed) return
    const all = [...this.panes.values()].map(({ pane }) => pane)
    for (const id of ids) {
      const mounted = this.panes.get(id)
      if (!mounted) continue
      const masks = this.masks.filter((mask) => mask.stack === mounted.pane.spec.stack)
      mounted.overlay.draw(masks, this.outlines, all, this.options)
      mounted.overlay.drawLayers(this.layers, this.options.areMasksShown)
    }
  }

  /** Show what an undo or a patch from elsewhere changed: go to the slice where it changed most and frame it for a moment. */
  showPatch(stack: string, columns: number, patch: Patch): number | null {
    const place = changedPlace(patch, columns)
    if (!place) return null
    const { slice, box } = place
    for (const { pane, overlay } of this.panes.values()) {
      if (pane.spec.stack !== stack) continue
      const isHere = pane.axis === 0 && patch.has(pane.slice)
      if (!isHere) pane.lookAt(pane.grid.toWorld([slice, (box[1] + box[3]) / 2, (box[0] + box[2]) / 2]))
      overlay.flash = { stack, axisZeroSlice: isHere ? pane.slice : slice, box }
      this.redraw(pane.spec.id)
    }
    window.clearTimeout(this.flashTimer)
    this.flashTimer = window.setTimeout(() => {
      for (const { overlay } of this.panes.values()) overlay.flash = null
      this.redrawAll()
    }, FLASH_MS)
    return slice
  }

  dispose(): void {
    this.disposed = true
    window.clearTimeout(this.flashTimer)
    this.outlines.forget()
  }
}
