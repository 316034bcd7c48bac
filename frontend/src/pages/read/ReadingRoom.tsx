import { useEffect, useState } from 'react'
import { useParams } from 'react-router'
import { useMe } from '@/state/account'
import { OutboxStore } from '@/state/outboxStore'
import { CaseScreen } from './CaseScreen'
import { Room } from './room'
import { openHatch } from './hatch'

/** The reading room of one case. A new case is a new room: nothing of the last one can leak into it. */
export function ReadingRoom() {
  const { caseId = '' } = useParams()
  const { data: me } = useMe()
  const [person, setPerson] = useState(me?.id)
  // a session that ran out leaves the screen as it was; somebody else's begins a room of their own
  if (me && me.id !== person) setPerson(me.id)
  return person === undefined ? null : <RoomOf key={`${caseId} ${person}`} caseId={caseId} user={person} />
}

function RoomOf({ caseId, user }: { caseId: string; user: string }) {
  const [room, setRoom] = useState<Room | null>(null)
  useEffect(() => {
    const opened = new Room(caseId, user, new OutboxStore())
    const close = openHatch(opened)
    queueMicrotask(() => setRoom(opened))
    return () => {
      close()
      opened.dispose()
    }
  }, [caseId, user])
  return room && <CaseScreen room={room} />
}
