import { useState } from 'react'
import type { Source } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useProject } from '@/state/account'
import { useSourceEdit } from '@/state/sources'
import { fieldsOf, formOf, words, type SourceForm } from './sourceForm'
import classes from './SourceStatus.module.css'

/** Everything about a source that a person may change. What it sent already stays as it is. */
export function SourceEditDialog({ source, project, onClose }: { source: Source; project: string; onClose: () => void }) {
  const { projects } = useProject()
  const [form, setForm] = useState<SourceForm>(() => formOf(source))
  const [target, setTarget] = useState(project)
  const [worklist, setWorklist] = useState('')
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const edit = useSourceEdit(source.id, project)
  const set = (change: Partial<SourceForm>) => setForm({ ...form, ...change })
  const text = (name: Exclude<keyof SourceForm, 'kept' | 'is_tls'>, label: string, hint?: string) => (
    <Field label={label} hint={hint}>
      {(id) => <input id={id} spellCheck={false} autoComplete="off" value={form[name]} onChange={(event) => set({ [name]: event.target.value })} />}
    </Field>
  )
  const theirs = projects.filter(({ abilities }) => abilities.includes('source.manage'))
  const save = () =>
    edit.mutate(
      { fields: fieldsOf(form, source.kind), moveTo: target === project ? null : target, worklist: words(worklist), credentials: username || password ? { username, password } : null },
      {
        onSuccess: () => {
          toast(`${form.name} is changed.`, 'What comes from now on follows it.')
          onClose()
        },
      },
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      size={760}
      title={`Change ${source.name}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={edit.isPending && 'Saving it'} reason={form.name.trim() ? null : 'Name it first'} reasonPlace="inside" onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <div className={classes['fields']}>
        {text('name', 'Name')}
        <Field label="Project" hint="Where what it sends from now on goes. What is here stays.">
          {(id) => (
            <select id={id} value={target} onChange={(event) => setTarget(event.target.value)}>
              {theirs.map(({ slug, name }) => (
                <option key={slug} value={slug}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {text('modalities', 'Modalities', 'For example MR CT. Empty: all.')}
        {text('rate', 'Images a minute', 'At most; the rest is told to come later. Empty: no limit.')}
        {source.kind === 'dimse' && (
          <>
            {text('ae_title', 'AE title it calls itself')}
            {text('addresses', 'Addresses it calls from', 'Separated by spaces. Empty: from any.')}
            {text('certificate_subject', 'TLS certificate it shows', 'Its common name or whole subject. Empty: any that is trusted.')}
            {text('associations', 'Associations at once', 'Empty: as many as the listener takes.')}
            {text('host', 'Host', 'To call it: fetching, commitment, the test. Empty: it only sends.')}
            {text('port', 'Port')}
            <label className={classes['check']}>
              <input type="checkbox" checked={form.is_tls} onChange={(event) => set({ is_tls: event.target.checked })} />
              Call it over TLS
            </label>
          </>
        )}
        {source.kind === 'dicomweb' && (
          <>
            {text('dicomweb_url', 'DICOMweb root')}
            <Field label="Name there" hint={source.has_credentials ? 'Sealed ones are kept. Fill in to replace them.' : 'Sealed, never shown again.'}>
              {(id) => <input id={id} autoComplete="off" value={username} onChange={(event) => setUsername(event.target.value)} />}
            </Field>
            <Field label="Password there">{(id) => <input id={id} type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}</Field>
          </>
        )}
        {(source.kind === 'dimse' || source.kind === 'dicomweb') && (
          <>
            {text('pull_modalities', 'Fetch modalities', 'For example MR.')}
            {text('pull_body_part', 'Fetch body part', 'A DICOM code such as LSPINE.')}
            {text('pull_description', 'Fetch descriptions', '* and ? stand for any.')}
            {text('pull_days', 'Fetch the last days', 'A number; empty: of any date.')}
            {text('pull_minutes', 'Fetch every', 'Minutes. Empty: only when asked.')}
            <Field label="Add to its worklist" hint={`Accession numbers, sealed; never shown again. ${source.worklist_length} wait.`}>
              {(id) => <textarea id={id} rows={2} spellCheck={false} autoComplete="off" value={worklist} onChange={(event) => setWorklist(event.target.value)} />}
            </Field>
          </>
        )}
      </div>
      {edit.error && <ErrorState error={edit.error} />}
    </Dialog>
  )
}
