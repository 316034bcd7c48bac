import { useState } from 'react'
import type { DatasetCreate } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { useDatasetCreate } from '@/state/dataset'

type Tier = NonNullable<DatasetCreate['tier']>

/** "Lumbar MR 2026" is addressed as lumbar-mr-2026. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

export function DatasetDialog({ project, onClose, onMade }: { project: string; onClose: () => void; onMade: (slug: string) => void }) {
  const [name, setName] = useState('')
  const [slug, setSlug] = useState('')
  const [licence, setLicence] = useState('CC-BY-4.0')
  const [tier, setTier] = useState<Tier>('controlled')
  const [description, setDescription] = useState('')
  const create = useDatasetCreate()
  const address = slug || slugOf(name)
  const missing = name.trim() === '' ? 'Name it first' : licence.trim() === '' ? 'Name its licence' : null
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Make a dataset"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={create.isPending && 'Making it'}
            reason={missing}
            reasonPlace="inside"
            onClick={() =>
              create.mutate(
                { project, name: name.trim(), slug: address, licence: licence.trim(), tier, description },
                {
                  onSuccess: (made) => {
                    onMade(made.slug)
                    onClose()
                  },
                },
              )
            }
          >
            Make it
          </Button>
        </>
      }
    >
      <Field label="Name">{(id) => <input id={id} data-autofocus maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label="Address" hint={`columna pull ${address || 'address'}@1.0.0; for good.`}>
        {(id) => <input id={id} spellCheck={false} value={address} onChange={(event) => setSlug(slugOf(event.target.value))} />}
      </Field>
      <Field label="Licence" hint="SPDX identifier.">
        {(id) => <input id={id} spellCheck={false} value={licence} onChange={(event) => setLicence(event.target.value)} />}
      </Field>
      <Field label="Who may ask for it">
        {(id) => (
          <select id={id} value={tier} onChange={(event) => setTier(event.target.value as Tier)}>
            <option value="controlled">Controlled: the board decides</option>
            <option value="registered">Registered: anyone with a verified identity</option>
            <option value="open">Open: anyone who accepts the licence</option>
          </select>
        )}
      </Field>
      <Field label="Description">{(id) => <textarea id={id} rows={3} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
      {create.error && <ErrorState error={create.error} />}
    </Dialog>
  )
}
