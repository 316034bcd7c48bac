import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { useKeys } from '@/keys/useKeys'
import { orderedSegments, type SessionView } from '@/state/session'
import { nameOf } from '@/state/structure'
import { segmentName } from './doubts'
import type { Room } from './room'

/** One key for everything that is left; asks only while doubtful places are open. */
export function AcceptRest({ room, session }: { room: Room; session: SessionView }) {
  const [asking, setAsking] = useState(false)
  const left = orderedSegments(session.segments).filter((segment) => segment.status !== 'accepted')
  const doubts = room.walk.openDoubts()
  const doubtful = new Set(doubts.map(segmentName))
  const sure = left.filter((segment) => !doubtful.has(segmentName(segment)))
  const accept = () => {
    if (!left.length) return
    if (doubts.length) setAsking(true)
    else room.session.acceptAll(left)
  }
  useKeys({ 'read.acceptRest': { down: accept } })
  if (left.length < 2) return null
  const names = doubts.map((doubt) => nameOf(session.segments.find((segment) => segmentName(segment) === segmentName(doubt))?.structure ?? ''))
  return (
    <>
      <Button size="compact" variant="quiet" action="read.acceptRest" onClick={accept}>
        Accept the rest
      </Button>
      <Dialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`${doubts.length} doubtful ${doubts.length === 1 ? 'place is' : 'places are'} open`}
        actions={
          <>
            <Button
              onClick={() => {
                setAsking(false)
                room.session.acceptAll(left)
              }}
            >
              Accept these too
            </Button>
            <Button
              onClick={() => {
                setAsking(false)
                room.session.acceptAll(sure)
              }}
            >
              {`Accept the ${sure.length} others`}
            </Button>
            <Button
              variant="primary"
              onClick={() => {
                setAsking(false)
                room.walk.nextDoubt(1)
              }}
            >
              Look at them
            </Button>
          </>
        }
      >
        <p>{names.join(', ')}: nobody has settled {doubts.length === 1 ? 'it' : 'them'} yet. Accept or correct each, or say here that they are right as they are.</p>
      </Dialog>
    </>
  )
}
