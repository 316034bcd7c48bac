/** Map [from] to [to] linearly; a range without extent goes to the middle. */
export function scale(from: readonly [number, number], to: readonly [number, number]): (value: number) => number {
  const extent = from[1] - from[0]
  return (value) => (extent === 0 ? (to[0] + to[1]) / 2 : to[0] + ((value - from[0]) / extent) * (to[1] - to[0]))
}

/** Return at most `most` + 1 round values that enclose [low, high]. */
export function niceTicks(low: number, high: number, most: number): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1]
  const span = high - low || Math.abs(high) * 0.2 || 1
  const rough = span / most
  const power = 10 ** Math.floor(Math.log10(rough))
  for (const factor of [1, 2, 2.5, 5, 10, 20]) {
    const step = factor * power
    const first = Math.floor(low / step + 1e-9) * step
    const last = Math.ceil(high / step - 1e-9) * step
    const steps = Math.round((last - first) / step)
    if (steps <= most) return Array.from({ length: Math.max(steps, 1) + 1 }, (_, at) => Number((first + at * step).toPrecision(12)))
  }
  return [low, high]
}
