/** Measurements over the pictures, and their handles. */
import type { Measurement } from '@/geometry/measurement'
import type { Gesture, Grip, Layer, PointerPlace, Projection } from '@/viewer/layers'
import type { Measuring } from '../parts/measuring'
import { drawLens, drawShape, Pencil, type Spot } from './drawing'
import { placedOf, pointOf, pointsOf, sightOf, spotOf } from './seeing'
import { balanceLines, mainText, titleOf } from './words'

const NEAR = 9
const NEAR_FINGER = 22

export const measureLayer = (measuring: Measuring): Layer => ({
  name: 'measurements',
  draw: (context, pane) => {
    measuring.seen(pane)
    for (const item of measuring.items) drawItem(context, pane, measuring, item)
    drawPlacing(context, pane, measuring)
  },
  hit: (at, pane) => {
    const spots = handlesOn(pane, measuring)
    const near = at.kind === 'touch' ? NEAR_FINGER : NEAR
    const found = spots
      .map((each) => ({ ...each, away: Math.hypot(each.spot[0] - at.x, each.spot[1] - at.y) }))
      .filter(({ away }) => away <= near)
      .sort((a, b) => Number(b.item.id === measuring.selected?.id) - Number(a.item.id === measuring.selected?.id) || a.away - b.away)[0]
    if (found) return grip('grab', measuring, found.item, [found.name])
    const line = plateAt(at, pane, measuring)
    return line && grip('move', measuring, line.item, line.names)
  },
})

interface Handle {
  readonly item: Measurement
  readonly name: string
  readonly spot: Spot
}

const handlesOn = (pane: Projection, measuring: Measuring): Handle[] =>
  measuring.items.flatMap((item) => {
    const { named, listed } = pointsOf(item)
    const all = listed.length ? listed.map((point, i) => [String(i), point] as const) : Object.entries(named)
    if (sightOf(item, all.map(([, point]) => point), pane, measuring.manifestOf) === 'none') return []
    return all.map(([name, point]) => ({ item, name, spot: spotOf(item, point, pane, measuring.manifestOf) }))
  })

const PLATES = [
  ['upper_1', 'upper_2'],
  ['lower_1', 'lower_2'],
  ['upper_posterior', 'upper_anterior'],
  ['lower_posterior', 'lower_anterior'],
  ['s1_posterior', 's1_anterior'],
  ['l1_posterior', 'l1_anterior'],
  ['t12_posterior', 't12_anterior'],
  ['t4_posterior', 't4_anterior'],
  ['a', 'b'],
] as const

/** A plate is taken whole by its line. */
const plateAt = (at: PointerPlace, pane: Projection, measuring: Measuring): { item: Measurement; names: readonly string[] } | null => {
  const handles = handlesOn(pane, measuring)
  for (const item of measuring.items) {
    for (const names of PLATES) {
      const [a, b] = names.map((name) => handles.find((each) => each.item.id === item.id && each.name === name)?.spot)
      if (a && b && item.definition !== 'angle' && awayFrom([at.x, at.y], a, b) <= 6) return { item, names }
    }
  }
  return null
}

const awayFrom = ([x, y]: Spot, a: Spot, b: Spot): number => {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]]
  const share = Math.max(0, Math.min(1, ((x - a[0]) * dx + (y - a[1]) * dy) / (dx * dx + dy * dy || 1)))
  return Math.hypot(x - a[0] - share * dx, y - a[1] - share * dy)
}

const grip = (cursor: string, measuring: Measuring, item: Measurement, names: readonly string[]): Grip => ({
  cursor,
  begin: (start): Gesture => {
    measuring.select(item.id, names.length === 1 ? (names[0] ?? null) : null)
    const from = pointOf(item.frame, start)
    const { named, listed } = pointsOf(item)
    const before = Object.fromEntries(names.map((name) => [name, listed.length ? (listed[Number(name)] ?? []) : (named[name] ?? [])]))
    let hasMoved = false
    const drag = (to: PointerPlace) => {
      if (!hasMoved && Math.hypot(to.x - start.x, to.y - start.y) < 2) return
      hasMoved = true
      const now = pointOf(item.frame, to)
      measuring.drag(item, Object.fromEntries(Object.entries(before).map(([name, point]) => [name, point.map((value, i) => Math.round((value + (now[i] ?? 0) - (from[i] ?? 0)) * 100) / 100)])))
    }
    return {
      move: (passed) => {
        const last = passed.at(-1)
        if (last) drag(last)
      },
      end: () => measuring.drop(),
      cancel: () => measuring.drag(null),
    }
  },
})

const drawItem = (context: CanvasRenderingContext2D, pane: Projection, measuring: Measuring, item: Measurement): void => {
  const { named, listed } = pointsOf(item)
  const sight = sightOf(item, listed.length ? listed : Object.values(named), pane, measuring.manifestOf)
  if (sight === 'none') return
  const { selected } = measuring
  const isSelected = selected?.id === item.id
  const pencil = new Pencil(context, { isSelected, isProposed: item.status === 'proposed', handle: isSelected ? selected.handle : null, isFaint: sight === 'faint' && !isSelected })
  const at = (point: readonly number[]) => spotOf(item, point, pane, measuring.manifestOf)
  const place = drawShape(pencil, { definition: item.definition, points: named, listed }, at)
  const spots = listed.length ? listed.map((point, i) => [String(i), at(point)] as const) : Object.entries(named).map(([name, point]) => [name, at(point)] as const)
  for (const [name, spot] of spots) pencil.handle(spot, name)
  const away = awayOf(spots.map(([, spot]) => spot), pane)
  const text = place && (!away || isSelected) ? textOf(item, measuring) : []
  if (place && text.length) pencil.text(place, away ? [`${away} ${text[0] ?? ''}`, ...text.slice(1)] : text)
  context.globalAlpha = 1
  const held = isSelected && selected.handle !== null ? spots.find(([name]) => name === selected.handle) : undefined
  if (held) drawLens(context, held[1], pane.width, pane.height)
}

/** An arrow to where a measurement lies that is out of view; empty where any of it may be seen. */
const awayOf = (spots: readonly Spot[], { width, height }: Projection): string => {
  const side = (values: readonly number[], size: number): -1 | 0 | 1 => (Math.max(...values) < 0 ? -1 : Math.min(...values) > size ? 1 : 0)
  return ARROWS[side(spots.map(([, y]) => y), height) + 1]?.[side(spots.map(([x]) => x), width) + 1] ?? ''
}

const ARROWS = [
  ['↖', '↑', '↗'],
  ['←', '', '→'],
  ['↙', '↓', '↘'],
] as const

const textOf = (item: Measurement, measuring: Measuring): string[] => {
  if (item.definition === 'sagittal_balance') return balanceLines(item)
  if (item.definition === 'cobb' || item.definition === 'sagittal_angle' || item.definition === 'listhesis') return [titleOf(item, measuring.ladder), mainText(item)]
  return [mainText(item)]
}

const drawPlacing = (context: CanvasRenderingContext2D, pane: Projection, measuring: Measuring): void => {
  const { placing } = measuring.store.get()
  if (!placing || measuring.item(placing.id)) return
  const placed = placedOf(placing)
  const all = placing.listed.length ? placing.listed : Object.values(placing.points)
  if (sightOf(placed, all, pane, measuring.manifestOf) === 'none') return
  const at = (point: readonly number[]) => spotOf(placed, point, pane, measuring.manifestOf)
  const pencil = new Pencil(context, { isSelected: true, isProposed: false, handle: null, isFaint: false })
  drawShape(pencil, { definition: placing.definition, points: placing.points, listed: placing.listed }, at)
  for (const point of all) pencil.handle(at(point), '')
}
