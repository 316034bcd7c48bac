import type { ComponentType } from 'react'
import type { SessionView } from '@/state/session'
import { gradingOf } from './grading/grading'
import { GradesPanel } from './grading/GradesPanel'
import { LadderRail } from './LadderRail'
import { MeasurePanel } from './measure/MeasurePanel'
import type { Room, RoomView } from './room'
import { StructuresPanel } from './StructuresPanel'

export interface PanelProps {
  readonly room: Room
  readonly session: SessionView
  readonly view: RoomView
}

/** One tab of the panel at the right. Whoever has something to say of the case adds a line here. */
export interface PanelTab {
  readonly id: string
  readonly label: string
  readonly count?: (props: PanelProps) => string | number | null
  readonly Content: ComponentType<PanelProps>
}

export const PANELS: readonly PanelTab[] = [
  { id: 'structures', label: 'Structures', count: ({ session }) => session.segments.length, Content: StructuresPanel },
  // where there is no room for the rail of levels beside the pictures
  { id: 'levels', label: 'Levels', Content: LadderRail },
  { id: 'grades', label: 'Grades', count: ({ room }) => gradingOf(room).count().join('/'), Content: GradesPanel },
  { id: 'measurements', label: 'Measures', count: ({ session }) => session.measurements.length || null, Content: MeasurePanel },
]
