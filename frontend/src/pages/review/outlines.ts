/** What is drawn over the pictures: each reader's outlines, and where they differ. */
import { boxes, outline, type Ring } from '@/geometry/contour'
import type { PlaneMask } from '@/geometry/labelmap'
import type { ProposalMask } from '@/state/proposal'
import { SIDES, type Side } from '@/state/review'
import type { Layer, Projection } from '@/viewer/layers'

export type Sides = Readonly<Record<Side, readonly ProposalMask[]>>

type InHand = { readonly id: number; readonly layer: string } | null

/** Which segments the disagreement in hand is about: drawn heavier. */
export interface Look extends Readonly<Record<Side, InHand>> {
  readonly isDifferenceShown: boolean
}

const COLOURS: Readonly<Record<Side, string>> = { a: '#e69f00', b: '#56b4e9', c: '#b874a3' }
const TWO = 'rgb(190 196 202 / 24%)'
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

/** Where a line of the hatching begins and ends: rising for A, falling for B, upright for C, so that they are told apart without colour. */
const STROKES: Readonly<Record<Side, (shift: number) => readonly [number, number, number, number]>> = {
  a: (shift) => [shift, 8, shift + 8, 0],
  b: (shift) => [shift, 0, shift + 8, 8],
  c: (shift) => [shift + 4, 0, shift + 4, 8],
}

const hatchOf = (context: CanvasRenderingContext2D, side: Side): CanvasPattern | null => {
  const colour = COLOURS[side]
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
      const [x0, y0, x1, y1] = STROKES[side](shift)
      pen.moveTo(x0, y0)
      pen.lineTo(x1, y1)
    }
    pen.stroke()
  }
  const pattern = context.createPattern(tile, 'repeat')
  hatches.set(colour, pattern)
  return pattern
}

/** The layer of the review page. Panes are called `a`, `b`, of three readings `c`, and `difference`. */
export const outlinesLayer = (sides: () => Sides, look: () => Look): Layer => ({
  name: 'outlines',
  draw: (context, pane) => {
    if (pane.axis !== 0) return
    const place = placer(pane)
    const planes = (side: Side) => sides()[side].filter((mask) => mask.stack === pane.spec.stack).map((mask) => ({ layer: mask.layer, plane: mask.labelmap.plane(0, pane.slice) }))
    const one = SIDES.find((side) => side === pane.spec.id)
    if (one) for (const { layer, plane } of planes(one)) drawSide(context, pathsOf(plane, place), COLOURS[one], look()[one]?.layer === layer ? (look()[one]?.id ?? 0) : 0)
    else if (look().isDifferenceShown) drawDifference(context, SIDES.filter((side) => sides()[side].length > 0).map((side) => ({ side, planes: planes(side) })), place, look())
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

interface Drawn {
  readonly side: Side
  readonly planes: readonly { readonly layer: string; readonly plane: PlaneMask }[]
}

/** What one reader alone drew, hatched their own way; what two of three drew, pale; a thin grey line round what all drew. */
const drawDifference = (context: CanvasRenderingContext2D, readers: readonly Drawn[], place: (x: number, y: number) => readonly [number, number], look: Look): void => {
  for (const layer of new Set(readers.flatMap(({ planes }) => planes.map((each) => each.layer)))) {
    const planes = readers.map(({ side, planes: own }) => ({ side, data: own.find((each) => each.layer === layer)?.plane }))
    const shape = planes.find(({ data }) => data)?.data
    if (!shape) continue
    const isInHand = SIDES.some((side) => look[side]?.layer === layer)
    const size = shape.width * shape.height
    const votes = new Uint8Array(size)
    const mine = planes.map(({ side, data }) => {
      const id = isInHand ? (look[side]?.id ?? -1) : 0
      return Uint8Array.from({ length: size }, (_, i) => {
        const value = data?.data[i] ?? 0
        return Number(value !== 0 && (id === 0 || value === id))
      })
    })
    for (const held of mine) held.forEach((drawn, i) => (votes[i] = (votes[i] ?? 0) + drawn))
    const fill = (data: Uint8Array, paint: string | CanvasPattern, alpha: number) => {
      context.globalAlpha = alpha
      context.fillStyle = paint
      for (const path of pathsOf({ ...shape, data }, place).values()) context.fill(path, 'evenodd')
      context.globalAlpha = 1
    }
    if (planes.length > 2) fill(votes.map((count) => Number(count === 2)), TWO, 1)
    planes.forEach(({ side }, at) => {
      const alone = votes.map((count, i) => Number(count === 1 && mine[at]?.[i] === 1))
      fill(alone, COLOURS[side], 0.28)
      fill(alone, hatchOf(context, side) ?? COLOURS[side], 1)
    })
    const all = Uint8Array.from({ length: size }, (_, i) => (planes.every(({ data }) => data?.data[i]) ? (planes[0]?.data?.data[i] ?? 0) : 0))
    context.strokeStyle = BOTH
    context.lineWidth = 1
    for (const path of pathsOf({ ...shape, data: all }, place).values()) context.stroke(path)
  }
}
