import { boxes, outline, type Box, type Ring } from '@/geometry/contour'
import type { Axis, Labelmap } from '@/geometry/labelmap'

/** How one structure is drawn. */
export interface SegmentStyle {
  readonly colour: string
  readonly name: string
  readonly isVisible: boolean
  readonly isActive: boolean
  /** Proposed by the model and not yet looked at by a person: outline only. */
  readonly isProposal: boolean
  readonly isDoubtful: boolean
  /** Only compared with: a dashed line, never a fill. */
  readonly isReference?: boolean
  /** Whether its name is written beside it. */
  readonly hasChip: boolean
}

export interface MaskLayer {
  readonly stack: string
  readonly layer: string
  readonly labelmap: Labelmap
  readonly style: (segment: number) => SegmentStyle | null
}

interface Shape {
  readonly rings: readonly Ring[]
  readonly path: Path2D
  readonly box: Box
}

interface Cached {
  readonly version: number
  readonly shapes: ReadonlyMap<number, Shape>
}

const KEPT = 64

/** Outlines of the planes looked at, computed once per change of the mask. */
export class OutlineCache {
  private planes = new WeakMap<Labelmap, Map<number, Cached>>()

  shapes(mask: MaskLayer, axis: Axis, index: number): ReadonlyMap<number, Shape> {
    const planes = this.planes.get(mask.labelmap) ?? new Map<number, Cached>()
    this.planes.set(mask.labelmap, planes)
    const key = index * 3 + axis
    const version = axis === 0 ? mask.labelmap.sliceVersion(index) : mask.labelmap.version
    const known = planes.get(key)
    if (known?.version === version) return known.shapes
    const plane = mask.labelmap.plane(axis, index)
    const shapes = new Map<number, Shape>()
    for (const [id, box] of boxes(plane)) {
      const rings = outline(plane, id, box)
      shapes.set(id, { rings, path: pathOf(rings), box })
    }
    planes.delete(key)
    planes.set(key, { version, shapes })
    for (const oldest of planes.keys()) {
      if (planes.size <= KEPT) break
      planes.delete(oldest)
    }
    return shapes
  }

  forget(): void {
    this.planes = new WeakMap()
  }
}

const pathOf = (rings: readonly Ring[]): Path2D => {
  const path = new Path2D()
  for (const ring of rings) {
    path.moveTo(ring[0]!, ring[1]!)
    for (let at = 2; at < ring.length; at += 2) path.lineTo(ring[at]!, ring[at + 1]!)
    path.closePath()
  }
  return path
}
