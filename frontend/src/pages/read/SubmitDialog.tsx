import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import type { SessionView } from '@/state/session'
import { nameOf } from '@/state/structure'
import type { Doubt } from './doubts'
import { gradingOf } from './grading/grading'
import classes from './read.module.css'
import type { Room } from './room'

const SHOWN = 30

/** Asked only when something is open: cells that the protocol requires, which have to be answered, or doubtful places. */
export function SubmitDialog({ opened, room, doubts, session, onClose, onSubmit }: { opened: boolean; room: Room; doubts: readonly Doubt[]; session: SessionView; onClose: () => void; onSubmit: () => void }) {
  const grading = gradingOf(room)
  const missing = opened ? grading.missing() : []
  const first = missing[0]
  const wrong = opened ? room.naming.errors() : []
  const names = doubts.map((doubt) => nameOf(session.segments.find((segment) => segment.id === doubt.id && segment.layer === doubt.layer)?.structure ?? ''))
  const go = (cell: (typeof missing)[number]) => {
    onClose()
    room.openPanel('grades')
    grading.goToCell(cell)
  }
  if (first)
    return (
      <Dialog
        opened={opened}
        onClose={onClose}
        title={`${missing.length} ${missing.length === 1 ? 'cell is' : 'cells are'} not graded`}
        actions={
          <>
            <Button onClick={onClose}>Go on reading</Button>
            <Button variant="primary" onClick={() => go(first)} data-autofocus>
              Go to the first
            </Button>
          </>
        }
      >
        <p>This protocol takes no case without them. An empty cell is not a normal one; “cannot be assessed” is an answer.</p>
        <ul className={classes['missing']} aria-label="Not graded">
          {missing.slice(0, SHOWN).map((cell) => (
            <li key={`${cell.form} ${cell.site}`}>
              <button type="button" onClick={() => go(cell)}>
                {grading.nameOf(cell)}
              </button>
            </li>
          ))}
          {missing.length > SHOWN && <li className="t3">and {missing.length - SHOWN} more</li>}
        </ul>
      </Dialog>
    )
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={doubts.length ? `${doubts.length} doubtful ${doubts.length === 1 ? 'structure is' : 'structures are'} open` : 'The numbering breaks a rule'}
      actions={
        <>
          <Button onClick={onSubmit}>Submit all the same</Button>
          <Button variant="primary" onClick={onClose} data-autofocus>
            Look at them
          </Button>
        </>
      }
    >
      {wrong.length > 0 && (
        <ul className={classes['missing']} aria-label="What is wrong with the numbering">
          {wrong.map((finding) => (
            <li key={finding.words}>{finding.words}</li>
          ))}
        </ul>
      )}
      <p>{names.length > 0 && `${names.join(', ')}: the model was unsure here, and nobody has accepted, changed or rejected it. `}A submitted reading does not change any more.</p>
    </Dialog>
  )
}
