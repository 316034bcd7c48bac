import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { sendJson } from '@/api/client'
import type { Protocol } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { DEFAULT_FORMS, formsGet } from '@/state/forms'
import { READING_MODES, REVIEW_RULES } from '@/state/protocol'
import classes from './Projects.module.css'

const codes = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])

/** How cases are read from now on. What was submitted before keeps the settings it was read under. */
export function ProtocolDialog({ protocol, onClose }: { protocol: Protocol; onClose: () => void }) {
  const [mode, setMode] = useState(protocol.reading_mode)
  const [readers, setReaders] = useState(protocol.readers)
  const [review, setReview] = useState(protocol.review)
  const { data: forms = [] } = useQuery({ queryKey: ['forms'], queryFn: formsGet, staleTime: Infinity })
  const [inUse, setInUse] = useState<readonly string[]>(protocol.recipe['forms'] ? codes(protocol.recipe['forms']) : DEFAULT_FORMS)
  const [required, setRequired] = useState<readonly string[]>(codes(protocol.recipe['required']))
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: () =>
      sendJson('PATCH', `/api/protocols/${protocol.id}`, {
        version: protocol.version,
        reading_mode: mode,
        readers,
        review,
        required: required.filter((code) => inUse.includes(code)),
        forms: inUse,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['protocols'] })
      toast('The protocol is changed for every reading from now on.')
      onClose()
    },
  })
  const toggled = (list: readonly string[], code: string) => (list.includes(code) ? list.filter((each) => each !== code) : [...list, code])
  return (
    <Dialog
      opened
      onClose={onClose}
      title={`How ${protocol.name} is read`}
      size={560}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={change.isPending && 'Changing'} onClick={() => change.mutate()}>
            {`Make version ${protocol.version + 1}`}
          </Button>
        </>
      }
    >
      <Field label="The model is shown" hint="Blind first: readers commit to their own reading, then see the model’s; both states are kept.">
        {(id) => (
          <select id={id} value={mode} onChange={(event) => setMode(event.target.value as Protocol['reading_mode'])}>
            {Object.entries(READING_MODES).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Readers per case" hint="They never see each other’s work.">
        {(id) => (
          <select id={id} value={readers} onChange={(event) => setReaders(Number(event.target.value))}>
            {[1, 2, 3].map((count) => (
              <option key={count} value={count}>
                {count}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label="A second look">
        {(id) => (
          <select id={id} value={review} onChange={(event) => setReview(event.target.value as Protocol['review'])}>
            {Object.entries(REVIEW_RULES).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <fieldset className={classes['forms']}>
        <legend className="small t2">Grades: in use, and required before a case can be submitted</legend>
        {forms.map((form) => {
          const used = inUse.includes(form.code)
          return (
            <div key={form.code} className={classes['form']}>
              <span>{form.title}</span>
              <label>
                <input type="checkbox" checked={used} onChange={() => setInUse(toggled(inUse, form.code))} /> in use
              </label>
              <label>
                <input type="checkbox" checked={used && required.includes(form.code)} disabled={!used} onChange={() => setRequired(toggled(required, form.code))} /> required
              </label>
            </div>
          )
        })}
      </fieldset>
      {change.error && <ErrorState error={change.error} />}
    </Dialog>
  )
}
