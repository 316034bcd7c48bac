import type { ReadingSession } from '@/state/session'
import type { ReadingViewer } from '@/viewer/engine'
import type { Notices } from './notices'
import type { RoomStore } from './view'

/** What every part of the room works with. */
export interface RoomCore {
  readonly session: ReadingSession
  readonly viewer: ReadingViewer
  readonly store: RoomStore
  readonly notices: Notices
}
