import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { Segmented } from '@/components/Segmented'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useSourceAdd } from '@/state/intake'
import { words } from './sourceForm'

const WAYS = [
  { value: 'dimse', label: 'It sends (C-STORE)' },
  { value: 'dicomweb', label: 'Fetch by DICOMweb' },
] as const

export function SourceDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<(typeof WAYS)[number]['value']>('dimse')
  const [title, setTitle] = useState('')
  const [root, setRoot] = useState('')
  const [addresses, setAddresses] = useState('')
  const [modalities, setModalities] = useState('')
  const add = useSourceAdd(project)
  const missing = name.trim() === '' ? 'Name it first' : kind === 'dicomweb' ? (root.trim() === '' ? 'Give its address' : null) : title.trim() === '' ? 'Give its AE title' : title.trim().length > 16 ? 'An AE title has 16 characters at most' : null
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Add a source"
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
                { name: name.trim(), kind, ae_title: kind === 'dimse' ? title.trim() : '', addresses: kind === 'dimse' ? words(addresses) : [], dicomweb_url: kind === 'dicomweb' ? root.trim() : '', modalities: words(modalities).map((word) => word.toUpperCase()) },
                {
                  onSuccess: (source) => {
                    toast(kind === 'dimse' ? `${source.name} may send.` : `${source.name} is added.`, kind === 'dimse' ? 'Its associations are accepted from now on.' : 'Open it to give its credentials and what to fetch.')
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
      <Segmented label="Way in" segments={WAYS} value={kind} onChange={setKind} />
      <Field label="Name">{(id) => <input id={id} data-autofocus maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      {kind === 'dicomweb' && (
        <Field label="DICOMweb root" hint="For example https://pacs.example.org/dicom-web">
          {(id) => <input id={id} spellCheck={false} value={root} onChange={(event) => setRoot(event.target.value)} />}
        </Field>
      )}
      {kind === 'dimse' && (
        <>
          <Field label="AE title it calls itself" hint="As configured at the PACS; 16 characters at most.">
            {(id) => <input id={id} maxLength={16} spellCheck={false} value={title} onChange={(event) => setTitle(event.target.value)} />}
          </Field>
          <Field label="Addresses" hint="Separated by spaces. Empty: from any address.">
            {(id) => <input id={id} spellCheck={false} value={addresses} onChange={(event) => setAddresses(event.target.value)} />}
          </Field>
        </>
      )}
      <Field label="Modalities" hint="For example MR CT. Empty: all.">
        {(id) => <input id={id} spellCheck={false} value={modalities} onChange={(event) => setModalities(event.target.value)} />}
      </Field>
      {add.error && <ErrorState error={add.error} />}
    </Dialog>
  )
}
