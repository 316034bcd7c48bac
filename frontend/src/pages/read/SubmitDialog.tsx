import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import type { SessionView } from '@/state/session'
import { nameOf } from '@/state/structure'
import type { Doubt } from './doubts'

/** Asked only when doubtful places are still open. */
export function SubmitDialog({ opened, doubts, session, onClose, onSubmit }: { opened: boolean; doubts: readonly Doubt[]; session: SessionView; onClose: () => void; onSubmit: () => void }) {
  const names = doubts.map((doubt) => nameOf(session.segments.find((segment) => segment.id === doubt.id && segment.layer === doubt.layer)?.structure ?? ''))
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={`${doubts.length} doubtful ${doubts.length === 1 ? 'structure is' : 'structures are'} open`}
      actions={
        <>
          <Button onClick={onSubmit}>Submit all the same</Button>
          <Button variant="primary" onClick={onClose} data-autofocus>
            Look at them
          </Button>
        </>
      }
    >
      <p>{names.join(', ')}: the model was unsure here, and nobody has accepted, changed or rejected it. A submitted reading does not change any more.</p>
    </Dialog>
  )
}
