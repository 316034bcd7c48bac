import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useSourceAdd } from '@/state/intake'

const words = (text: string) => text.split(/[\s,;]+/).filter(Boolean)

export function SourceDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [name, setName] = useState('')
  const [title, setTitle] = useState('')
  const [addresses, setAddresses] = useState('')
  const [modalities, setModalities] = useState('')
  const add = useSourceAdd(project)
  const missing = name.trim() === '' ? 'Name it first' : title.trim() === '' ? 'Give its AE title' : title.trim().length > 16 ? 'An AE title has 16 characters at most' : null
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Let a PACS send"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={add.isPending && 'Adding it'}
            reason={missing}
            reasonPlace="inside"
            onClick={() =>
              add.mutate(
                { name: name.trim(), kind: 'dimse', ae_title: title.trim(), addresses: words(addresses), modalities: words(modalities).map((word) => word.toUpperCase()) },
                {
                  onSuccess: (source) => {
                    toast(`${source.name} may send.`, 'Its associations are accepted from now on.')
                    onClose()
                  },
                },
              )
            }
          >
            Add it
          </Button>
        </>
      }
    >
      <Field label="Name">{(id) => <input id={id} data-autofocus maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label="AE title it calls itself" hint="As configured at the PACS; 16 characters at most.">
        {(id) => <input id={id} maxLength={16} spellCheck={false} value={title} onChange={(event) => setTitle(event.target.value)} />}
      </Field>
      <Field label="Addresses" hint="Separated by spaces. Empty: from any address.">
        {(id) => <input id={id} spellCheck={false} value={addresses} onChange={(event) => setAddresses(event.target.value)} />}
      </Field>
      <Field label="Modalities" hint="For example MR CT. Empty: all.">
        {(id) => <input id={id} spellCheck={false} value={modalities} onChange={(event) => setModalities(event.target.value)} />}
      </Field>
      {add.error && <ErrorState error={add.error} />}
    </Dialog>
  )
}
