import { useState } from 'react'
import type { Dataset, Version } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { Glyph } from '@/components/Glyph'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { GATES, refusalsOf, useVersionFreeze } from '@/state/dataset'

export interface FreezeDialogProps {
  dataset: Dataset
  onClose: () => void
  onFrozen: (version: Version) => void
  onRefused: (error: unknown) => void
}

/** Asks for a version of what is submitted now. A shut gate refuses it and says what it lacks. */
export function FreezeDialog({ dataset, onClose, onFrozen, onRefused }: FreezeDialogProps) {
  const [reason, setReason] = useState('')
  const [number, setNumber] = useState('')
  const freeze = useVersionFreeze(dataset.slug)
  const refusals = Object.entries(refusalsOf(freeze.error))
  const ask = () =>
    freeze.mutate(
      { reason: reason.trim(), number: number.trim() },
      {
        onSuccess: (version) => {
          toast(`${dataset.name} ${version.number} is being written.`, 'It is frozen when its manifest is; then a second person releases it.')
          onFrozen(version)
        },
        onError: onRefused,
      },
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      title={`Freeze a version of ${dataset.name}`}
      actions={
        <>
          <Button data-autofocus onClick={onClose}>
            Cancel
          </Button>
          <Button variant="primary" busy={freeze.isPending && 'Asking the gates'} reason={reason.trim().length < 4 ? 'Write why first' : null} reasonPlace="inside" onClick={ask}>
            Freeze it
          </Button>
        </>
      }
    >
      <p className="t2">Takes the newest submitted reading of every case. What is frozen never changes; later readings make a new version.</p>
      <Field label="Why there is a new version">{(id) => <textarea id={id} rows={2} maxLength={2000} value={reason} onChange={(event) => setReason(event.target.value)} />}</Field>
      <Field label="Number" hint="Empty: the lowest that what changed allows.">
        {(id) => <input id={id} placeholder="1.0.0" spellCheck={false} value={number} onChange={(event) => setNumber(event.target.value)} />}
      </Field>
      {refusals.length > 0 ? (
        <div role="alert">
          <p className="attn">
            <Glyph name="triangle" size={12} /> Not frozen. {refusals.length === 1 ? 'One gate is' : `${refusals.length} gates are`} shut:
          </p>
          <ul className="small t2">
            {refusals.map(([gate, faults]) => (
              <li key={gate}>
                {GATES.find(({ code }) => code === gate)?.asks ?? gate}: {faults[0]?.message} {faults.length > 1 ? `(and ${faults.length - 1} more)` : ''}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        freeze.error && <ErrorState error={freeze.error} />
      )}
    </Dialog>
  )
}
