import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import type { SessionView } from '@/state/session'
import type { Room } from './room'

/** An earlier tab closed before everything was sent: nothing is put on the images, and nothing is thrown away, without a word. */
export function OfferDialog({ room, session }: { room: Room; session: SessionView }) {
  const [busy, setBusy] = useState(false)
  if (!session.offered || session.phase.kind !== 'ready') return null
  const changes = session.offered === 1 ? '1 change' : `${session.offered} changes`
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
      title={`${changes} of yours were not sent yet`}
      actions={
        <>
          <Button busy={busy && 'One moment'} onClick={() => settle(() => room.session.keepAsBranch())}>
            Keep them as a branch
          </Button>
          <Button variant="primary" busy={busy && 'One moment'} onClick={() => settle(() => room.session.takeUpUnsent())} data-autofocus>
            Take them up
          </Button>
        </>
      }
    >
      <p>The tab in which you drew them ended before they reached the server. They were kept on this computer, sealed for you alone.</p>
      <p className="t2">Taken up, they go on the images and are sent at once. As a branch they are saved beside your work, to be compared and taken over later.</p>
    </Dialog>
  )
}
