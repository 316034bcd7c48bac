/** What is drawn over the three pictures: A's outlines, B's, and where they differ. */
import { boxes, outline, type Ring } from '@/geometry/contour'
import type { PlaneMask } from '@/geometry/labelmap'
import type { ProposalMask } from '@/state/proposal'
import type { Layer, Projection } from '@/viewer/layers'

export interface Sides {
  readonly a: readonly ProposalMask[]
  readonly b: readonly ProposalMask[]
}

export interface Look {
  readonly isDifferenceShown: boolean
  /** The segments of the disagreement in hand: drawn heavier. */
  readonly a: { readonly id: number; readonly layer: string } | null
  readonly b: { readonly id: number; readonly layer: string } | null
}

const A = '#e69f00'
const B = '#56b4e9'
const BOTH = 'rgb(190 196 202 / 85%)'
const HALO = 'rgb(0 0 0 / 60%)'

type Paths = ReadonlyMap<number, Path2D>

const pathOf = (rings: readonly Ring[], place: (x: number, y: number) => readonly [number, number]): Path2D => {
  const path = new Path2D()
  for (const ring of rings) {
    for (let at = 0; at < ring.length; at += 2) {
      const [x, y] = place(ring[at] ?? 0, ring[at + 1] ?? 0)
      if (at) path.lineTo(x, y)
      else path.moveTo(x, y)
    }
    path.closePath()
  }
  return path
}

const pathsOf = (mask: PlaneMask, place: (x: number, y: number) => readonly [number, number]): Paths => new Map([...boxes(mask)].map(([id, box]) => [id, pathOf(outline(mask, id, box), place)]))

const hatches = new Map<string, CanvasPattern | null>()

/** Hatched one way for A and the other for B, so that it is told apart without colour. */
const hatchOf = (context: CanvasRenderingContext2D, colour: string, isRising: boolean): CanvasPattern | null => {
  const known = hatches.get(colour)
  if (known !== undefined) return known
  const tile = document.createElement('canvas')
  tile.width = tile.height = 8
  const pen = tile.getContext('2d')
  if (pen) {
    pen.strokeStyle = colour
    pen.lineWidth = 1.8
    pen.beginPath()
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, isRising ? 8 : 0)
      pen.lineTo(shift + 8, isRising ? 0 : 8)
    }
    pen.stroke()
  }
  const pattern = context.createPattern(tile, 'repeat')
  hatches.set(colour, pattern)
  return pattern
}

/** The layer of the review page. Panes are called `a`, `b` and `difference`. */
export const outlinesLayer = (sides: () => Sides, look: () => Look): Layer => ({
  name: 'outlines',
  draw: (context, pane) => {
    if (pane.axis !== 0) return
    const place = placer(pane)
    const at = (masks: readonly ProposalMask[]) => masks.filter((mask) => mask.stack === pane.spec.stack).map((mask) => ({ layer: mask.layer, plane: mask.labelmap.plane(0, pane.slice) }))
    const { a, b } = sides()
    if (pane.spec.id === 'a') for (const { layer, plane } of at(a)) drawSide(context, pathsOf(plane, place), A, look().a?.layer === layer ? (look().a?.id ?? 0) : 0)
    else if (pane.spec.id === 'b') for (const { layer, plane } of at(b)) drawSide(context, pathsOf(plane, place), B, look().b?.layer === layer ? (look().b?.id ?? 0) : 0)
    else if (look().isDifferenceShown) drawDifference(context, at(a), at(b), place, look())
  },
})

/** From a place in the plane of the slice to the canvas: affine, so three points say all. */
const placer = (pane: Projection) => {
  const point = (row: number, column: number) => pane.toCanvas(pane.grid.toWorld([pane.slice, row, column]))
  const [x0, y0] = point(0, 0)
  const [xc, yc] = point(0, 1)
  const [xr, yr] = point(1, 0)
  return (x: number, y: number): readonly [number, number] => [x0 + x * (xc - x0) + y * (xr - x0), y0 + x * (yc - y0) + y * (yr - y0)]
}

const drawSide = (context: CanvasRenderingContext2D, paths: Paths, colour: string, active: number): void => {
  context.lineJoin = 'round'
  for (const [id, path] of paths) {
    const weight = id === active ? 2.6 : 1.4
    context.strokeStyle = HALO
    context.lineWidth = weight + 2
    context.stroke(path)
    context.strokeStyle = colour
    context.lineWidth = weight
    context.stroke(path)
  }
}

/** Which ids lie where: only A hatched one way, only B the other, a thin grey line round what both drew. */
const drawDifference = (context: CanvasRenderingContext2D, a: readonly { layer: string; plane: PlaneMask }[], b: readonly { layer: string; plane: PlaneMask }[], place: (x: number, y: number) => readonly [number, number], look: Look): void => {
  for (const layer of new Set([...a, ...b].map((each) => each.layer))) {
    const first = a.find((each) => each.layer === layer)?.plane
    const second = b.find((each) => each.layer === layer)?.plane
    const shape = first ?? second
    if (!shape) continue
    const only = (mine: PlaneMask | undefined, other: PlaneMask | undefined, mineId: number | undefined, otherId: number | undefined): PlaneMask => {
      const data = new Uint8Array(shape.width * shape.height)
      for (let i = 0; i < data.length; i += 1) {
        const value = mine?.data[i] ?? 0
        const there = other?.data[i] ?? 0
        const isChosen = mineId === undefined || value === mineId
        if (value && isChosen && (otherId === undefined ? !there : there !== otherId)) data[i] = 1
      }
      return { width: shape.width, height: shape.height, data }
    }
    const isInHand = look.a?.layer === layer || look.b?.layer === layer
    const [idA, idB] = isInHand && look.a && look.b ? [look.a.id, look.b.id] : [undefined, undefined]
    for (const [mask, colour, isRising] of [
      [only(first, second, idA, idB), A, true],
      [only(second, first, idB, idA), B, false],
    ] as const)
      for (const path of pathsOf(mask, place).values()) {
        context.globalAlpha = 0.28
        context.fillStyle = colour
        context.fill(path, 'evenodd')
        context.globalAlpha = 1
        context.fillStyle = hatchOf(context, colour, isRising) ?? colour
        context.fill(path, 'evenodd')
      }
    const both = new Uint8Array(shape.width * shape.height)
    for (let i = 0; i < both.length; i += 1) if (first?.data[i] && second?.data[i]) both[i] = first.data[i] ?? 0
    context.strokeStyle = BOTH
    context.lineWidth = 1
    for (const path of pathsOf({ ...shape, data: both }, place).values()) context.stroke(path)
  }
}
