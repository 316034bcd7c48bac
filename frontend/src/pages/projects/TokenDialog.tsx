import { useState } from 'react'
import type { TokenScope } from '@/api/types'
import { Button } from '@/components/Button'
import { CopyBox } from '@/components/CopyBox'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { useTokenCreate } from '@/state/project'
import classes from './Projects.module.css'

const SCOPES: readonly { value: TokenScope; label: string }[] = [
  { value: 'pull', label: 'Pull dataset versions' },
  { value: 'read', label: 'Read what you may read' },
  { value: 'write', label: 'Do what you may do' },
]

/** Makes a token and shows its secret this once. */
export function TokenDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('')
  const [days, setDays] = useState(90)
  const [scopes, setScopes] = useState<readonly TokenScope[]>(['pull', 'read'])
  const create = useTokenCreate()
  const secret = create.data?.secret
  const missing = name.trim() === '' ? 'Name it first' : scopes.length === 0 ? 'Allow something first' : null
  return (
    <Dialog
      opened
      onClose={onClose}
      title={secret ? 'Your token, shown this once' : 'Make an access token'}
      actions={
        secret ? (
          <Button variant="primary" onClick={onClose}>
            I have it
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button variant="primary" busy={create.isPending && 'Making it'} reason={missing} reasonPlace="inside" onClick={() => create.mutate({ name: name.trim(), scopes: [...scopes], days })}>
              Make it
            </Button>
          </>
        )
      }
    >
      {secret ? (
        <>
          <CopyBox label="Token" text={secret} />
          <p className="small t2">Columna keeps only its SHA-256. Lost means: revoke it and make another.</p>
        </>
      ) : (
        <>
          <Field label="What it is for" hint="For example the machine it lives on.">
            {(id) => <input id={id} data-autofocus maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />}
          </Field>
          <fieldset className={classes['scopes']}>
            <legend>It may</legend>
            {SCOPES.map(({ value, label }) => (
              <label key={value}>
                <input type="checkbox" checked={scopes.includes(value)} onChange={(event) => setScopes(event.target.checked ? [...scopes, value] : scopes.filter((one) => one !== value))} />
                {label}
              </label>
            ))}
          </fieldset>
          <Field label="It lives for">
            {(id) => (
              <select id={id} value={days} onChange={(event) => setDays(Number(event.target.value))}>
                {[7, 30, 90, 365].map((one) => (
                  <option key={one} value={one}>
                    {one} days
                  </option>
                ))}
              </select>
            )}
          </Field>
          {create.error && <ErrorState error={create.error} />}
        </>
      )}
    </Dialog>
  )
}
