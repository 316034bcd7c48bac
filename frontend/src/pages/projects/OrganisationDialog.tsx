import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { slugOf, useOrganisationCreate } from '@/state/people'

export function OrganisationDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const create = useOrganisationCreate()
  const make = () =>
    create.mutate(
      { name: name.trim(), slug: slugOf(name) },
      {
        onSuccess: () => {
          toast('Organisation made.', 'Accounts and projects can belong to it now.')
          onClose()
        },
      },
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Make an organisation"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={create.isPending && 'Making it'} reason={slugOf(name) === '' ? 'Write a name first' : null} reasonPlace="inside" onClick={make}>
            Make the organisation
          </Button>
        </>
      }
    >
      <Field label="Name" hint="A hospital, university or company.">
        {(id) => <input id={id} data-autofocus autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      {create.error && <ErrorState error={create.error} />}
    </Dialog>
  )
}
