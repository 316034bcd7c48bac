import { useState, type ReactNode } from 'react'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { ErrorState } from './States'
import { Field } from './Field'

export interface ReasonDialogProps {
  opened: boolean
  onClose: () => void
  title: string
  /** Names the object and what follows. */
  children: ReactNode
  confirm: string
  danger?: boolean
  /** Asked for unless null. */
  reasonLabel?: string | null
  busy?: boolean
  error?: unknown
  onConfirm: (reason: string) => void
}

/** For what cannot be undone: names the object, asks for a reason, focus on Cancel. */
export function ReasonDialog({ opened, onClose, title, children, confirm, danger = false, reasonLabel = 'Reason', busy = false, error, onConfirm }: ReasonDialogProps) {
  const [reason, setReason] = useState('')
  const missing = reasonLabel !== null && reason.trim().length < 4
  return (
    <Dialog
      opened={opened}
      onClose={onClose}
      title={title}
      actions={
        <>
          <Button data-autofocus onClick={onClose}>
            Cancel
          </Button>
          <Button variant={danger ? 'danger' : 'primary'} busy={busy && 'Under way'} reason={missing ? 'Write the reason first' : null} reasonPlace="inside" onClick={() => onConfirm(reason.trim())}>
            {confirm}
          </Button>
        </>
      }
    >
      <div className="t2">{children}</div>
      {reasonLabel !== null && (
        <Field label={reasonLabel} hint="Kept in the audit trail. No names of patients.">
          {(id) => <textarea id={id} rows={3} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
        </Field>
      )}
      {error ? <ErrorState error={error} /> : null}
    </Dialog>
  )
}
