/** Endplates and measurements that the masks imply, worked out by the server; nothing of them is written there. */
import { getJson } from '@/api/client'
import type { MeasurementFields } from '@/geometry/measurement'

export type PlateEnds = readonly [readonly number[], readonly number[]]

export interface BodyPlates {
  readonly id: string
  readonly name: string | null
  readonly sagittal: { readonly upper: PlateEnds; readonly lower: PlateEnds }
  readonly coronal: { readonly upper: PlateEnds; readonly lower: PlateEnds } | null
}

export interface ProposedPlates {
  readonly seq: number
  readonly stack: string | null
  readonly bodies: readonly BodyPlates[]
  readonly measurements: readonly Omit<MeasurementFields, 'id'>[]
}

export const platesGet = (annotation: string): Promise<ProposedPlates> => getJson<ProposedPlates>(`/api/annotations/${annotation}/plates`)
