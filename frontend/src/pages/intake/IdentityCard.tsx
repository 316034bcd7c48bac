import { useState } from 'react'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Dialog } from '@/components/Dialog'
import { Facts } from '@/components/Facts'
import { when } from '@/components/format'
import { toastError } from '@/components/toast'
import { StatePill, type Tone } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { useMay, useMe } from '@/state/account'
import { useIdentityDecide, useIdentityOpen, useIdentityRequests } from '@/state/door'
import { fromCode } from '@/state/words'

const TONES: Readonly<Record<string, Tone>> = { asked: 'held', approved: 'busy', refused: 'bad', opened: 'ok' }

/** Requests to learn who somebody was. One asks, another approves, the one who asked reads it once. Not shown while there is none. */
export function IdentityCard() {
  const may = useMay('identity.reveal')
  const { data: me } = useMe()
  const { data: requests } = useIdentityRequests(may)
  const decide = useIdentityDecide()
  const open = useIdentityOpen()
  const [shown, setShown] = useState(false)
  if (!may || !requests || requests.length === 0) return null
  return (
    <Card title="Who was it?" note="one asks, another approves, it is read once" flush>
      <Table label="Requests for an identity, newest first">
        <thead>
          <tr>
            <Head>Subject</Head>
            <Head>Why</Head>
            <Head>Since</Head>
            <Head>State</Head>
            <Head />
          </tr>
        </thead>
        <tbody>
          {requests.map(({ id, pseudonym, reason, state, asked_by, created_at }) => (
            <Row key={id}>
              <Cell>
                <b>{pseudonym}</b>
              </Cell>
              <Cell wrap>{reason}</Cell>
              <Cell>
                <span className="t3">{when(created_at)}</span>
              </Cell>
              <Cell>
                <StatePill tone={TONES[state] ?? 'idle'} bare>
                  {fromCode(state)}
                </StatePill>
              </Cell>
              <Cell number>
                {state === 'asked' && asked_by === me?.id && <span className="t3">Another person decides</span>}
                {state === 'asked' && asked_by !== me?.id && (
                  <>
                    <Button size="compact" variant="quiet" onClick={() => decide.mutate({ id, approve: false }, { onError: toastError })}>
                      Refuse
                    </Button>
                    <Button size="compact" onClick={() => decide.mutate({ id, approve: true }, { onError: toastError })}>
                      Approve
                    </Button>
                  </>
                )}
                {state === 'approved' && asked_by === me?.id && (
                  <Button size="compact" onClick={() => open.mutate(id, { onSuccess: () => setShown(true), onError: toastError })}>
                    Read it, once
                  </Button>
                )}
              </Cell>
            </Row>
          ))}
        </tbody>
      </Table>
      {shown && open.data && (
        <Dialog
          opened
          onClose={() => {
            setShown(false)
            open.reset()
          }}
          title="Who it was"
          actions={
            <Button
              onClick={() => {
                setShown(false)
                open.reset()
              }}
            >
              Close for good
            </Button>
          }
        >
          <p className="small attn">Shown this once. Write down only what you need.</p>
          {open.data.identities.map((identity, at) => (
            // the vault's entries have no key of their own and never change while shown
            <Facts key={`${at}`} width={150} facts={Object.entries(identity).map(([name, value]) => [fromCode(name), String(value)] as const)} />
          ))}
        </Dialog>
      )}
    </Card>
  )
}
