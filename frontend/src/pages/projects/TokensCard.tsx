import { useState } from 'react'
import type { Token } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { when } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { toast, toastError } from '@/components/toast'
import { useTokenRevoke, useTokens } from '@/state/project'
import classes from './Projects.module.css'
import { TokenDialog } from './TokenDialog'

/** How programs sign in for this person: `columna login` asks for one. */
export function TokensCard() {
  const { data: tokens, isPending, error, refetch } = useTokens()
  const [making, setMaking] = useState(false)
  const live = tokens?.filter(({ is_live }) => is_live) ?? []
  return (
    <Card
      title="Your access tokens"
      note="for programs"
      aside={
        <Button size="compact" glyph="plus" onClick={() => setMaking(true)}>
          Make one
        </Button>
      }
    >
      {isPending && <LoadingRows what="tokens" rows={2} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {tokens && live.length === 0 && <EmptyState why="No program signs in for you." who="The command line asks for a token when it logs in; it is shown once." />}
      {live.map((token) => (
        <TokenLine key={token.id} token={token} />
      ))}
      {making && <TokenDialog onClose={() => setMaking(false)} />}
    </Card>
  )
}

function TokenLine({ token }: { token: Token }) {
  const revoke = useTokenRevoke()
  return (
    <div className={classes['token']}>
      <span>
        <b>{token.name}</b> <span className="mono t3">{token.prefix}…</span>
        <br />
        <span className="t3">
          {token.scopes.join(', ')} · ends {when(token.expires_at)} · {token.last_used_at ? `used ${when(token.last_used_at)}` : 'never used'}
        </span>
      </span>
      <StatePill tone="ok" bare>
        Live
      </StatePill>
      <Button size="compact" variant="quiet" busy={revoke.isPending && 'Revoking'} aria-label={`Revoke ${token.name}`} onClick={() => revoke.mutate(token.id, { onSuccess: () => toast('Token revoked.', 'Programs that use it are signed out at once.'), onError: toastError })}>
        Revoke
      </Button>
    </div>
  )
}
