import type { Axis } from '@/geometry/labelmap'
import type { StackGrid } from '@/geometry/stack'
import type { Vec3 } from '@/geometry/vector'
import type { PaneSpec } from './pane'

/** One picture as whoever draws over it sees it. Places are CSS pixels from its top left corner, points mm in patient LPS. */
export interface Projection {
  readonly spec: PaneSpec
  readonly grid: StackGrid
  /** The axis of the grid looked along, and the index on it that shows. */
  readonly axis: Axis
  readonly slice: number
  /** Points may be shared between panes of one frame of reference. */
  readonly frame: string
  readonly width: number
  readonly height: number
  readonly mmPerPixel: number
  readonly plane: { readonly point: Vec3; readonly normal: Vec3 }
  toCanvas: (point: Vec3) => readonly [x: number, y: number]
  toWorld: (x: number, y: number) => Vec3
  /** The fractional [slice, row, column] under a place, on the slice that shows. */
  toIndex: (x: number, y: number) => Vec3
  /** Whether a point lies on the slice that shows: at most half a slice away. */
  holds: (point: Vec3) => boolean
}

export interface PointerPlace {
  readonly x: number
  readonly y: number
  readonly point: Vec3
  /** Fractional [slice, row, column], pinned to the slice that shows. */
  readonly index: Vec3
  readonly shift: boolean
  readonly kind: 'mouse' | 'pen' | 'touch'
}

/** What a press of the pointer does until it is let go. */
export interface Gesture {
  /** Every place passed since the last call, also those between two frames. */
  move: (passed: readonly PointerPlace[]) => void
  end: (at: PointerPlace) => void
  /** Nothing is left of it. */
  cancel: () => void
}

/** Something that can be taken hold of where the pointer is. */
export interface Grip {
  readonly cursor: string
  begin: (at: PointerPlace) => Gesture | null
}

/** Something drawn over every picture, which may have handles. */
export interface Layer {
  readonly name: string
  draw: (context: CanvasRenderingContext2D, pane: Projection) => void
  /** What lies under a place. Not asked while a tool that paints is in hand. */
  hit?: (at: PointerPlace, pane: Projection) => Grip | null
}

/** The layers over the pictures, the first added lowest. */
export class Layers {
  private readonly layers: Layer[] = []

  constructor(private readonly changed: () => void) {}

  /** Add a layer; returns the way to take it away. */
  add(layer: Layer): () => void {
    this.layers.push(layer)
    this.changed()
    return () => {
      const at = this.layers.indexOf(layer)
      if (at >= 0) this.layers.splice(at, 1)
      this.changed()
    }
  }

  /** Draw every layer anew; cheap enough for every move of a handle. */
  redraw(): void {
    this.changed()
  }

  draw(context: CanvasRenderingContext2D, pane: Projection): void {
    for (const layer of this.layers) {
      context.save()
      layer.draw(context, pane)
      context.restore()
    }
  }

  hit(at: PointerPlace, pane: Projection): Grip | null {
    for (let i = this.layers.length - 1; i >= 0; i -= 1) {
      const grip = this.layers[i]?.hit?.(at, pane)
      if (grip) return grip
    }
    return null
  }
}
