import { useState } from 'react'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { CopyBox } from '@/components/CopyBox'
import { Dialog } from '@/components/Dialog'
import { plural, when } from '@/components/format'
import { ErrorState, LoadingRows } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { toast, toastError } from '@/components/toast'
import { useMe } from '@/state/account'
import { firstPassword, usePeople, usePersonChange } from '@/state/people'
import { AccountDialog } from './AccountDialog'

/** The accounts that this person looks after. Shown to operators and to who runs the installation. */
export function AccountsCard() {
  const { data: people, isPending, error, refetch } = usePeople(true)
  const { data: me } = useMe()
  const [adding, setAdding] = useState(false)
  const [given, setGiven] = useState<{ username: string; password: string } | null>(null)
  const change = usePersonChange()
  const give = (id: string, username: string) => {
    const password = firstPassword()
    change.mutate({ id, password }, { onSuccess: () => setGiven({ username, password }), onError: toastError })
  }
  const open = (id: string, isActive: boolean) => change.mutate({ id, is_active: isActive }, { onSuccess: () => toast(isActive ? 'Account opened again.' : 'Account closed.', isActive ? '' : 'What the person did stays. Open it again at any time.'), onError: toastError })
  return (
    <Card
      title="Accounts"
      note={people && plural(people.length, 'account')}
      flush
      aside={
        <Button size="compact" glyph="plus" onClick={() => setAdding(true)}>
          Make an account
        </Button>
      }
    >
      {isPending && <LoadingRows what="accounts" rows={3} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {people && (
        <Table label="Accounts">
          <thead>
            <tr>
              <Head>User name</Head>
              <Head>Person</Head>
              <Head>State</Head>
              <Head>Last here</Head>
              <Head />
            </tr>
          </thead>
          <tbody>
            {people.map((person) => (
              <Row key={person.id}>
                <Cell>{person.username}</Cell>
                <Cell>
                  <span className="t2">{person.display_name}</span>
                </Cell>
                <Cell>
                  <StatePill tone={person.is_active ? (person.must_change_password ? 'attn' : 'ok') : 'held'} bare>
                    {person.is_active ? (person.must_change_password ? 'First password' : 'Open') : 'Closed'}
                  </StatePill>
                </Cell>
                <Cell>
                  <span className="t3">{person.last_login ? when(person.last_login) : 'never'}</span>
                </Cell>
                <Cell number>
                  {person.id !== me?.id && (
                    <>
                      <Button size="compact" variant="quiet" aria-label={`New first password for ${person.username}`} onClick={() => give(person.id, person.username)}>
                        New password
                      </Button>
                      <Button size="compact" variant="quiet" aria-label={`${person.is_active ? 'Close' : 'Open'} the account ${person.username}`} onClick={() => open(person.id, !person.is_active)}>
                        {person.is_active ? 'Close' : 'Open'}
                      </Button>
                    </>
                  )}
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
      {adding && <AccountDialog onClose={() => setAdding(false)} />}
      {given && (
        <Dialog
          opened
          onClose={() => setGiven(null)}
          title={`A new first password for ${given.username}`}
          actions={
            <Button variant="primary" onClick={() => setGiven(null)} data-autofocus>
              Done
            </Button>
          }
        >
          <p>Hand it over. It is shown this once; the old one no longer works, and the person chooses their own at the next sign-in.</p>
          <CopyBox text={given.password} label="First password" />
        </Dialog>
      )}
    </Card>
  )
}
