import { useState } from 'react'
import type { Role } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useMemberAdd } from '@/state/project'
import { ROLE_ORDER, roleWord } from '@/state/words'

export function MemberDialog({ slug, onClose }: { slug: string; onClose: () => void }) {
  const [username, setUsername] = useState('')
  const [role, setRole] = useState<Role>('radiologist')
  const add = useMemberAdd(slug)
  const give = () =>
    add.mutate(
      { username: username.trim(), role },
      {
        onSuccess: (member) => {
          toast(`${member.display_name} is now ${roleWord(role).toLowerCase()}.`)
          onClose()
        },
      },
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Give a role"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={add.isPending && 'Giving the role'} reason={username.trim() === '' ? 'Write a user name first' : null} reasonPlace="inside" onClick={give}>
            Give the role
          </Button>
        </>
      }
    >
      <Field label="User name" hint="The account must exist; an operator makes accounts.">
        {(id) => <input id={id} data-autofocus autoComplete="off" autoCapitalize="none" spellCheck={false} value={username} onChange={(event) => setUsername(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && username.trim() !== '' && give()} />}
      </Field>
      <Field label="Role">
        {(id) => (
          <select id={id} value={role} onChange={(event) => setRole(event.target.value as Role)}>
            {ROLE_ORDER.map((one) => (
              <option key={one} value={one}>
                {roleWord(one)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {add.error && <ErrorState error={add.error} />}
    </Dialog>
  )
}
