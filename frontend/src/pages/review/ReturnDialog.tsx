import { useState } from 'react'
import { useNavigate } from 'react-router'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { Segmented } from '@/components/Segmented'
import { ErrorState } from '@/components/States'
import { reviewGive, sidesOf, type Side } from '@/state/review'
import type { Bench } from './bench'

/** Send a reading back: whose, and what to look at. The note is pinned to the disagreement in hand. */
export function ReturnDialog({ opened, bench, onClose }: { opened: boolean; bench: Bench; onClose: () => void }) {
  const [side, setSide] = useState<Side>('a')
  const [note, setNote] = useState('')
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const navigate = useNavigate()
  const give = async () => {
    setBusy(true)
    try {
      const { finding } = bench
      const place = finding?.kind === 'outline' || finding?.kind === 'missing' ? { stack: finding.stack, structure: finding.structure } : {}
      await reviewGive(bench.getView().adjudication.case, { verdict: 'return', side, note: note.trim(), place })
      await navigate('/worklist')
    } catch (caught) {
      setError(caught)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title="Return to a reader with a note"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={busy && 'Under way'} reason={note.trim() ? null : 'Write the note first'} reasonPlace="inside" onClick={() => void give()}>
            {`Return ${side.toUpperCase()}`}
          </Button>
        </>
      }
    >
      <Segmented
        label="Whose reading"
        value={side}
        segments={sidesOf(bench.getView().adjudication).map((value) => ({ value, label: `Reader ${value.toUpperCase()}` }))}
        onChange={setSide}
      />
      <Field label="What to look at" hint="The reader gets their own reading back with this. No names of patients.">
        {(id) => <textarea id={id} rows={4} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />}
      </Field>
      {error ? <ErrorState error={error} /> : null}
    </Dialog>
  )
}
