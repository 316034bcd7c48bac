import type { Labelmap, LabelmapEdit } from './labelmap'

export interface Island {
  readonly voxels: number
  /** Flat indices, slice × size + offset. */
  readonly members: Int32Array
}

/** The separate parts of a segment in 3D (voxels that share a face), largest first. */
export const islandsOf = (labelmap: Labelmap, id: number): Island[] => {
  const { size, columns, count } = labelmap
  const seen = new Set<number>()
  const islands: Island[] = []
  for (let slice = 0; slice < count; slice += 1) {
    const data = labelmap.slice(slice)
    for (let offset = data.indexOf(id); offset !== -1; offset = data.indexOf(id, offset + 1)) {
      const start = slice * size + offset
      if (seen.has(start)) continue
      const members = [start]
      seen.add(start)
      for (let at = 0; at < members.length; at += 1) {
        const flat = members[at]!
        const k = Math.floor(flat / size)
        const rest = flat - k * size
        const column = rest % columns
        const visit = (inside: boolean, other: number, otherSlice: number): void => {
          if (!inside || seen.has(other) || labelmap.slice(otherSlice)[other - otherSlice * size] !== id) return
          seen.add(other)
          members.push(other)
        }
        visit(column > 0, flat - 1, k)
        visit(column < columns - 1, flat + 1, k)
        visit(rest >= columns, flat - columns, k)
        visit(rest < size - columns, flat + columns, k)
        visit(k > 0, flat - size, k - 1)
        visit(k < count - 1, flat + size, k + 1)
      }
      islands.push({ voxels: members.length, members: Int32Array.from(members) })
    }
  }
  return islands.sort((a, b) => b.voxels - a.voxels)
}

/** Erase every part of a segment but the largest. Returns how many parts went. */
export const keepLargest = (edit: LabelmapEdit, id: number): number => {
  const { size } = edit.labelmap
  const [, ...rest] = islandsOf(edit.labelmap, id)
  for (const island of rest) for (const flat of island.members) edit.set(Math.floor(flat / size), flat % size, 0)
  return rest.length
}
