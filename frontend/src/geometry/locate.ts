import type { Labelmap } from './labelmap'

export interface Place {
  readonly slice: number
  readonly row: number
  readonly column: number
  readonly voxels: number
  /** Rows and columns the structure spans on its largest slice. */
  readonly height: number
  readonly width: number
}

/** Where a segment is seen best: the slice on which it is largest, and its middle there. Null when it has no voxels. */
export const locate = (labelmap: Labelmap, id: number, onSlice?: number): Place | null => {
  let best: Place | null = null
  let total = 0
  let most = 0
  for (let slice = onSlice ?? 0; slice < (onSlice === undefined ? labelmap.count : onSlice + 1); slice += 1) {
    const data = labelmap.slice(slice)
    let count = 0
    let rows = 0
    let columns = 0
    let top = Infinity
    let bottom = -Infinity
    let left = Infinity
    let right = -Infinity
    for (let offset = data.indexOf(id); offset !== -1; offset = data.indexOf(id, offset + 1)) {
      const row = Math.floor(offset / labelmap.columns)
      const column = offset - row * labelmap.columns
      count += 1
      rows += row
      columns += column
      if (row < top) top = row
      if (row > bottom) bottom = row
      if (column < left) left = column
      if (column > right) right = column
    }
    total += count
    if (count <= most) continue
    most = count
    best = { slice, row: rows / count, column: columns / count, voxels: 0, height: bottom - top + 1, width: right - left + 1 }
  }
  return best && { ...best, voxels: total }
}

/** The middle of every segment, fractional [slice, row, column], in one pass over the mask. */
export const centresOf = (labelmap: Labelmap): Map<number, readonly [number, number, number]> => {
  const sums = new Map<number, [slice: number, row: number, column: number, voxels: number]>()
  for (const slice of labelmap.occupied()) {
    const data = labelmap.slice(slice)
    let offset = 0
    for (let row = 0; row < labelmap.rows; row += 1) {
      for (let column = 0; column < labelmap.columns; column += 1, offset += 1) {
        const id = data[offset]!
        if (id === 0) continue
        const sum = sums.get(id) ?? [0, 0, 0, 0]
        if (sum[3] === 0) sums.set(id, sum)
        sum[0] += slice
        sum[1] += row
        sum[2] += column
        sum[3] += 1
      }
    }
  }
  return new Map([...sums].map(([id, [slice, row, column, voxels]]) => [id, [slice / voxels, row / voxels, column / voxels]]))
}
