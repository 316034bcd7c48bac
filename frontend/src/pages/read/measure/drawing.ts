/** Measurements on a picture: lines with a dark halo, handles, and the value beside them. */
import { circleThrough } from '@/geometry/lines'
import type { Measurement } from '@/geometry/measurement'

export type Spot = readonly [x: number, y: number]
export type SpotOf = (point: readonly number[]) => Spot

export interface Look {
  readonly isSelected: boolean
  readonly isProposed: boolean
  readonly handle: string | null
  /** Farther from its slice than it should be read at. */
  readonly isFaint: boolean
}

const FONT = '500 12px Inter, "Segoe UI", Roboto, "Helvetica Neue", Helvetica, "Nimbus Sans", Arial, sans-serif'
const HALO = 'rgb(0 0 0 / 70%)'
const GLASS = 'rgb(8 9 10 / 84%)'
const LINE = '#9ad7ff'
const CHOSEN = '#dfca9a'

const middle = (a: Spot, b: Spot): Spot => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
/** A line drawn longer at both ends, by a share of its length. */
const longer = (a: Spot, b: Spot, share: number): readonly [Spot, Spot] => {
  const [dx, dy] = [(b[0] - a[0]) * share, (b[1] - a[1]) * share]
  return [
    [a[0] - dx, a[1] - dy],
    [b[0] + dx, b[1] + dy],
  ]
}

export class Pencil {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    private readonly look: Look,
  ) {
    context.globalAlpha = look.isFaint ? 0.55 : 1
    context.lineJoin = 'round'
    context.lineCap = 'round'
  }

  private get colour(): string {
    return this.look.isSelected ? CHOSEN : LINE
  }

  path(spots: readonly Spot[], { isClosed = false, isHelp = false } = {}): void {
    const { context } = this
    for (const [colour, width] of [
      [HALO, isHelp ? 2.5 : 4],
      [this.colour, isHelp ? 1 : 1.8],
    ] as const) {
      context.beginPath()
      spots.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)))
      if (isClosed) context.closePath()
      context.strokeStyle = colour
      context.lineWidth = width
      context.setLineDash(isHelp ? [3, 4] : this.look.isProposed ? [6, 4] : [])
      context.stroke()
    }
    context.setLineDash([])
  }

  circle([x, y]: Spot, radius: number): void {
    const { context } = this
    for (const [colour, width] of [
      [HALO, 3.5],
      [this.colour, 1.4],
    ] as const) {
      context.beginPath()
      context.arc(x, y, radius, 0, 2 * Math.PI)
      context.strokeStyle = colour
      context.lineWidth = width
      context.stroke()
    }
  }

  handle([x, y]: Spot, name: string): void {
    const { context } = this
    const isHeld = this.look.handle === name
    context.beginPath()
    context.arc(x, y, isHeld ? 6 : 4, 0, 2 * Math.PI)
    context.fillStyle = this.look.isProposed ? GLASS : this.colour
    context.strokeStyle = isHeld ? '#ffffff' : this.look.isProposed ? this.colour : HALO
    context.lineWidth = isHeld ? 2 : 1.5
    context.fill()
    context.stroke()
  }

  text([x, y]: Spot, lines: readonly string[]): void {
    const { context } = this
    context.font = FONT
    const width = Math.max(...lines.map((each) => context.measureText(each).width)) + 14
    const height = lines.length * 17 + 5
    const { clientWidth, clientHeight } = context.canvas
    const left = Math.max(4, Math.min(x + 10, clientWidth - width - 4))
    const top = Math.max(52, Math.min(y - height / 2, clientHeight - height - 4))
    context.fillStyle = GLASS
    context.strokeStyle = this.look.isSelected ? CHOSEN : 'rgb(154 215 255 / 45%)'
    context.lineWidth = 1
    context.beginPath()
    context.roundRect(Math.round(left) + 0.5, Math.round(top) + 0.5, Math.round(width), height, 4)
    context.fill()
    context.stroke()
    context.fillStyle = '#eef2f5'
    context.textAlign = 'left'
    context.textBaseline = 'middle'
    lines.forEach((each, i) => context.fillText(each, left + 7, top + 11 + i * 17))
  }
}

export interface Drawn {
  readonly definition: Measurement['definition']
  readonly points: Readonly<Record<string, readonly number[]>>
  readonly listed: readonly (readonly number[])[]
}

type At = (name: string) => Spot | null

/** Draw the lines of a measurement, whole or half put down, and say where its value stands. */
export const drawShape = (pencil: Pencil, { definition, points, listed }: Drawn, spotOf: SpotOf): Spot | null => {
  const at: At = (name) => (points[name] ? spotOf(points[name]) : null)
  const line = (first: string, second: string, longerBy = 0): Spot | null => {
    const [a, b] = [at(first), at(second)]
    if (!a || !b) return null
    if (longerBy) pencil.path(longer(a, b, longerBy), { isHelp: true })
    pencil.path([a, b])
    return middle(a, b)
  }
  switch (definition) {
    case 'length':
      return line('a', 'b')
    case 'angle':
      line('a', 'vertex')
      line('vertex', 'b')
      return at('vertex')
    case 'area': {
      const spots = listed.map(spotOf)
      if (spots.length > 1) pencil.path(spots, { isClosed: spots.length > 2 })
      return spots.length ? ([Math.max(...spots.map(([x]) => x)), spots.reduce((sum, [, y]) => sum + y, 0) / spots.length] as const) : null
    }
    case 'cobb':
    case 'sagittal_angle': {
      const names = definition === 'cobb' ? (['upper_1', 'upper_2', 'lower_1', 'lower_2'] as const) : (['upper_posterior', 'upper_anterior', 'lower_posterior', 'lower_anterior'] as const)
      const upper = line(names[0], names[1], 0.55)
      const lower = line(names[2], names[3], 0.55)
      const ends = names.map(at).filter((spot) => spot !== null)
      if (!upper || !lower) return null
      return [Math.max(...ends.map(([x]) => x)) + 16, (upper[1] + lower[1]) / 2]
    }
    case 'listhesis': {
      line('lower_posterior', 'lower_anterior', 0.25)
      const [corner, back, front] = [at('upper_posterior'), at('lower_posterior'), at('lower_anterior')]
      if (!corner || !back || !front) return null
      const along: Spot = [front[0] - back[0], front[1] - back[1]]
      const share = ((corner[0] - back[0]) * along[0] + (corner[1] - back[1]) * along[1]) / (along[0] ** 2 + along[1] ** 2 || 1)
      pencil.path([corner, [back[0] + share * along[0], back[1] + share * along[1]]], { isHelp: true })
      return corner
    }
    case 'sagittal_balance':
      return drawBalance(pencil, at, line)
  }
}

const drawBalance = (pencil: Pencil, at: At, line: (first: string, second: string, longerBy?: number) => Spot | null): Spot | null => {
  const hips = ['hip_one', 'hip_two'].map((hip) => {
    const placed = at(hip)
    if (placed) return placed
    const rim = [1, 2, 3].map((number) => at(`${hip}_${number}`)).filter((spot) => spot !== null)
    const [one, two, three] = rim
    const circle = one && two && three ? circleOf(one, two, three) : null
    if (circle) pencil.circle(circle.centre, circle.radius)
    return circle?.centre ?? null
  })
  const s1 = line('s1_posterior', 's1_anterior', 0.2)
  line('l1_posterior', 'l1_anterior', 0.2)
  line('t12_posterior', 't12_anterior', 0.2)
  line('t4_posterior', 't4_anterior', 0.2)
  if (hips[0] && hips[1]) {
    pencil.path([hips[0], hips[1]], { isHelp: true })
    if (s1) pencil.path([middle(hips[0], hips[1]), s1], { isHelp: true })
  }
  const [c7, back] = [at('c7'), at('s1_posterior')]
  if (c7 && back) {
    pencil.path([c7, [c7[0], back[1]]], { isHelp: true })
    pencil.path([[c7[0], back[1]], back])
  }
  const front = at('s1_anterior')
  return front ? [front[0] + 30, front[1]] : null
}

const circleOf = (a: Spot, b: Spot, c: Spot): ReturnType<typeof circleThrough> | null => {
  try {
    return circleThrough(a, b, c)
  } catch {
    return null
  }
}

const LENS = 68
const LENS_ZOOM = 3

/** What lies under a handle, three times as large, in the corner that is farthest from it. */
export const drawLens = (context: CanvasRenderingContext2D, [x, y]: Spot, width: number, height: number): void => {
  const picture = context.canvas.parentElement?.querySelector<HTMLCanvasElement>('canvas:not([data-overlay])')
  if (!picture?.width) return
  const ratio = picture.width / (picture.clientWidth || width)
  const centre: Spot = [x < width / 2 ? width - LENS - 44 : LENS + 44, y < height / 2 ? height - LENS - 44 : LENS + 60]
  const reach = LENS / LENS_ZOOM
  context.save()
  context.globalAlpha = 1
  context.beginPath()
  context.arc(...centre, LENS, 0, 2 * Math.PI)
  context.fillStyle = '#000'
  context.fill()
  context.clip()
  context.imageSmoothingEnabled = true
  context.drawImage(picture, (x - reach) * ratio, (y - reach) * ratio, 2 * reach * ratio, 2 * reach * ratio, centre[0] - LENS, centre[1] - LENS, 2 * LENS, 2 * LENS)
  context.strokeStyle = CHOSEN
  context.lineWidth = 1
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    context.beginPath()
    context.moveTo(centre[0] + dx * 7, centre[1] + dy * 7)
    context.lineTo(centre[0] + dx * 24, centre[1] + dy * 24)
    context.stroke()
  }
  context.restore()
  context.beginPath()
  context.arc(...centre, LENS, 0, 2 * Math.PI)
  context.strokeStyle = CHOSEN
  context.lineWidth = 2
  context.stroke()
}
