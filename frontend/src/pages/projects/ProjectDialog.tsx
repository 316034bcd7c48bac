import { useState } from 'react'
import type { Project } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { slugOf, useOrganisations, useProjectChange, useProjectCreate } from '@/state/people'

/** Begin a project, or change the name and description of one. */
export function ProjectDialog({ project, onClose, onMade }: { project?: Project; onClose: () => void; onMade?: (slug: string) => void }) {
  const { data: organisations } = useOrganisations(project === undefined)
  const [name, setName] = useState(project?.name ?? '')
  const [description, setDescription] = useState(project?.description ?? '')
  const [address, setAddress] = useState<string | null>(null)
  const [manager, setManager] = useState('')
  const [chosen, setChosen] = useState('')
  const create = useProjectCreate()
  const change = useProjectChange()
  const slug = address ?? slugOf(name)
  const organisation = chosen || (organisations?.[0]?.slug ?? '')
  const reason = name.trim() === '' ? 'Write a name first' : !project && organisation === '' ? 'Make an organisation first' : null
  const done = (words: string, made: string) => {
    toast(words)
    onMade?.(made)
    onClose()
  }
  const save = () =>
    project
      ? change.mutate({ slug: project.slug, name: name.trim(), description }, { onSuccess: () => done('Project changed.', project.slug) })
      : create.mutate({ slug, name: name.trim(), description, organisation, manager: manager.trim() }, { onSuccess: () => done('Project begun.', slug) })
  return (
    <Dialog
      opened
      onClose={onClose}
      title={project ? 'Change the project' : 'Begin a project'}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={(create.isPending || change.isPending) && 'Saving'} reason={reason} reasonPlace="inside" onClick={save}>
            {project ? 'Change it' : 'Begin the project'}
          </Button>
        </>
      }
    >
      <Field label="Name">{(id) => <input id={id} data-autofocus autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      {!project && (
        <>
          <Field label="Address" hint="In links and commands; it stays for ever.">
            {(id) => <input id={id} autoComplete="off" autoCapitalize="none" spellCheck={false} value={slug} onChange={(event) => setAddress(event.target.value)} />}
          </Field>
          <Field label="Organisation">
            {(id) => (
              <select id={id} value={organisation} onChange={(event) => setChosen(event.target.value)}>
                {organisations?.map((one) => (
                  <option key={one.slug} value={one.slug}>
                    {one.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="First data manager" hint="A user name. Empty: you.">
            {(id) => <input id={id} autoComplete="off" autoCapitalize="none" spellCheck={false} value={manager} onChange={(event) => setManager(event.target.value)} />}
          </Field>
        </>
      )}
      <Field label="What it is for" hint="May stay empty.">
        {(id) => <input id={id} autoComplete="off" value={description} onChange={(event) => setDescription(event.target.value)} />}
      </Field>
      {(create.error ?? change.error) && <ErrorState error={create.error ?? change.error} />}
    </Dialog>
  )
}
