import { Effort } from '@/state/effort'
import type { Room } from './room'

const rooms = new WeakMap<Room, Effort>()

/** The clock of a room; it knows the structure in hand by its code. */
export const effortOf = (room: Room): Effort => {
  const { session } = room
  const structure = (): string | null => {
    const { active } = session.getView()
    return active ? (session.segment(active)?.structure ?? null) : null
  }
  const isOpen = () => (session.getView().phase.kind === 'ready' ? session.annotationId : '')
  const known = rooms.get(room) ?? new Effort(isOpen, structure)
  rooms.set(room, known)
  return known
}
