import type { Axis, LabelmapEdit } from './labelmap'

/** Fill the inside of a closed line on one plane (even–odd), voxels by their centres. `only` limits it to voxels of one id. */
export const cutPolygon = (edit: LabelmapEdit, axis: Axis, index: number, ring: readonly (readonly [x: number, y: number])[], value: number, only?: number): void => {
  const { labelmap } = edit
  const width = axis === 2 ? labelmap.rows : labelmap.columns
  const height = axis === 0 ? labelmap.rows : labelmap.count
  for (let y = 0; y < height; y += 1) {
    const crossings: number[] = []
    ring.forEach(([x0, y0], i) => {
      const [x1, y1] = ring[(i + 1) % ring.length]!
      if (y0 <= y === y1 <= y) return
      crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0))
    })
    crossings.sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      for (let x = Math.max(0, Math.ceil(crossings[i]!)); x <= Math.min(width - 1, Math.floor(crossings[i + 1]!)); x += 1) {
        const slice = axis === 0 ? index : y
        const offset = axis === 0 ? y * width + x : axis === 1 ? index * width + x : x * labelmap.columns + index
        if (only === undefined || labelmap.slice(slice)[offset] === only) edit.set(slice, offset, value)
      }
    }
  }
}
