import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import type { SessionView } from '@/state/session'
import type { Room } from './room'

/** Two writers met: nothing is overwritten, and a person says what becomes of what is kept here. */
export function ConflictDialog({ room, session }: { room: Room; session: SessionView }) {
  const [busy, setBusy] = useState(false)
  const { save } = session
  // while somebody else has the case, the banner offers the branch: settling it here would take the case from them
  if (save.kind !== 'conflict' || session.phase.kind === 'read-only') return null
  const settle = (act: () => Promise<void>) => {
    setBusy(true)
    act()
      .catch((error: unknown) => room.notify('Not settled', error instanceof Error ? error.message : 'Try again in a moment.', 'attn'))
      .finally(() => setBusy(false))
  }
  return (
    <Dialog
      opened
      onClose={() => undefined}
      title="This case was changed somewhere else"
      actions={
        <>
          <Button busy={busy && 'One moment'} onClick={() => settle(() => room.session.dropUnsent())}>
            Drop my {save.count} changes
          </Button>
          <Button variant="primary" busy={busy && 'One moment'} onClick={() => settle(() => room.session.keepAsBranch())} data-autofocus>
            Keep them as a branch
          </Button>
        </>
      }
    >
      <p>{save.message}</p>
      <p className="t2">
        What the server holds is whole. {save.count === 1 ? 'One change is' : `${save.count} changes are`} kept on this computer. A branch is saved beside the annotation, where it can be compared and taken over; then the case opens as the server has it.
      </p>
    </Dialog>
  )
}
