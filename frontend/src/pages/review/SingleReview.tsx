import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Field } from '@/components/Field'
import { toastError } from '@/components/toast'
import { reviewGive, type Review } from '@/state/review'
import classes from './review.module.css'

/** One reading that was handed in: it is accepted, or goes back with a note. */
export function SingleReview({ caseId }: { caseId: string }) {
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const give = async (verdict: Review['verdict']) => {
    setBusy(true)
    try {
      await reviewGive(caseId, { verdict, ...(note.trim() ? { note: note.trim() } : {}) })
      await queries.invalidateQueries({ queryKey: ['cases'] })
      await navigate('/worklist')
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className={classes['alone']} aria-label="Review">
      <Card title="Review of a reading" note="whose it is stays hidden">
        <Field label="Note to the reader" hint="Needed to return it. No names of patients.">
          {(id) => <textarea id={id} rows={4} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />}
        </Field>
        <div className={classes['verdict']}>
          <Link to="/worklist">Worklist</Link>
          <span className="spread" />
          <Button reason={note.trim() ? null : 'Write the note first'} reasonPlace="inside" busy={busy && 'Under way'} onClick={() => void give('return')}>
            Return to its reader
          </Button>
          <Button variant="primary" busy={busy && 'Under way'} onClick={() => void give('accept')}>
            Accept the reading
          </Button>
        </div>
      </Card>
    </main>
  )
}
