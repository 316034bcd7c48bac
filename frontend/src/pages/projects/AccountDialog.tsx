import { useState } from 'react'
import { Button } from '@/components/Button'
import { CopyBox } from '@/components/CopyBox'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { firstPassword, useOrganisations, usePersonCreate } from '@/state/people'

/** Make an account. Its first password is shown once, to hand over; the person changes it at the first sign-in. */
export function AccountDialog({ onClose }: { onClose: () => void }) {
  const { data: organisations } = useOrganisations(true)
  const [username, setUsername] = useState('')
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState('')
  const [password] = useState(firstPassword)
  const create = usePersonCreate()
  const organisation = chosen || (organisations?.[0]?.slug ?? '')
  const reason = username.trim() === '' ? 'Write a user name first' : organisation === '' ? 'Make an organisation first' : null
  const make = () => create.mutate({ username: username.trim(), display_name: name.trim(), organisation, password })
  if (create.data)
    return (
      <Dialog
        opened
        onClose={onClose}
        title={`The account ${create.data.username} is made`}
        actions={
          <Button variant="primary" onClick={onClose} data-autofocus>
            Done
          </Button>
        }
      >
        <p>Hand this first password over. It is shown this once; at the first sign-in the person chooses their own.</p>
        <CopyBox text={password} label="First password" />
        <p className="t2">The account has no role yet. A data manager gives one on the project, by the user name.</p>
      </Dialog>
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Make an account"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={create.isPending && 'Making the account'} reason={reason} reasonPlace="inside" onClick={make}>
            Make the account
          </Button>
        </>
      }
    >
      <Field label="User name" hint="What the person signs in with. Letters, digits and @ . + - _">
        {(id) => <input id={id} data-autofocus autoComplete="off" autoCapitalize="none" spellCheck={false} value={username} onChange={(event) => setUsername(event.target.value)} />}
      </Field>
      <Field label="Name on the screen" hint="May stay empty.">
        {(id) => <input id={id} autoComplete="off" value={name} onChange={(event) => setName(event.target.value)} />}
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
      {create.error && <ErrorState error={create.error} />}
    </Dialog>
  )
}
