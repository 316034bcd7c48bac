import { useState } from 'react'
import type { Source, SourceStatus } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Facts } from '@/components/Facts'
import { count, plural, when } from '@/components/format'
import { ErrorState, LoadingRows } from '@/components/States'
import { StatePill, type Tone } from '@/components/StatePill'
import { toastError } from '@/components/toast'
import { useMay } from '@/state/account'
import { useSourceCheck, useSourcePull, useSourceStatus } from '@/state/sources'
import { SourceEditDialog } from './SourceEditDialog'
import classes from './SourceStatus.module.css'

const SOON = 30 * 86_400_000

/** How a source is doing: the line both ways, what came today and why something did not, pulls, limits, certificates. */
export function SourceStatusDialog({ source, project, onClose }: { source: Source; project: string; onClose: () => void }) {
  const may = useMay('source.manage')
  const [editing, setEditing] = useState(false)
  const status = useSourceStatus(source.id)
  const check = useSourceCheck(source.id)
  const pull = useSourcePull(source.id)
  const now = status.data
  if (editing) return <SourceEditDialog source={source} project={project} onClose={() => setEditing(false)} />
  const manager = may ? null : 'Data managers do this'
  const fetching = now?.pull.state === 'queued' || now?.pull.state === 'running'
  return (
    <Dialog
      opened
      onClose={onClose}
      size={760}
      title={source.name}
      actions={
        <>
          <Button reason={manager} reasonPlace="inside" onClick={() => setEditing(true)}>
            Change it
          </Button>
          <Button
            reason={manager ?? (now?.pull.can_pull === false ? 'It has no address to fetch from' : null)}
            reasonPlace="inside"
            busy={(pull.isPending || fetching) && (now?.pull.progress || 'Fetching')}
            onClick={() => pull.mutate(undefined, { onError: toastError })}
          >
            Fetch now
          </Button>
          <Button
            variant="primary"
            reason={manager ?? (now?.line.can_check === false ? 'It has no address to call' : null)}
            reasonPlace="inside"
            busy={check.isPending && 'Calling it'}
            onClick={() => check.mutate(undefined, { onError: toastError })}
          >
            Test connection
          </Button>
        </>
      }
    >
      {status.isPending && <LoadingRows what="the status" rows={6} />}
      {status.isError && <ErrorState error={status.error} onRetry={() => void status.refetch()} />}
      {now && <Status status={now} />}
    </Dialog>
  )
}

function Status({ status }: { status: SourceStatus }) {
  return (
    <div className={classes['status']}>
      <section aria-label="The line">
        <h3>The line</h3>
        <Facts width={132} facts={line(status)} />
      </section>
      <section aria-label="Today">
        <h3>Today</h3>
        <Facts width={132} facts={today(status)} />
      </section>
      <section aria-label="Not taken or held today" className={classes['wide']}>
        <h3>Not taken or held today</h3>
        {status.today.reasons.length === 0 ? <p className="t2">Everything that came went in.</p> : <Reasons reasons={status.today.reasons} />}
      </section>
      <section aria-label="Fetching">
        <h3>Fetching</h3>
        <Facts width={132} facts={fetched(status)} />
      </section>
      <section aria-label="Trust">
        <h3>Trust</h3>
        <Facts width={132} facts={trust(status)} />
      </section>
    </div>
  )
}

function Reasons({ reasons }: { reasons: SourceStatus['today']['reasons'] }) {
  return (
    <ul className={classes['reasons']}>
      {reasons.map(({ code, severity, message, count: times }) => (
        <li key={code}>
          <b>{count(times)}</b>
          <span>{message}</span>
          <StatePill tone={severity === 'quarantined' ? 'held' : 'bad'} bare>
            {severity === 'quarantined' ? 'Held' : 'Not taken'}
          </StatePill>
        </li>
      ))}
    </ul>
  )
}

type Fact = readonly [string, React.ReactNode]
const moment = (iso: string | null, never: string) => (iso ? when(iso) : <span className="t3">{never}</span>)
const pill = (tone: Tone, text: string) => (
  <StatePill tone={tone} bare>
    {text}
  </StatePill>
)

function line({ line: now, received_at }: SourceStatus): Fact[] {
  const checked = now.checked_ok === null ? <span className="t3">Not tested yet</span> : now.checked_ok ? pill('ok', `Answered in ${now.checked_milliseconds ?? 0} ms, ${when(now.checked_at ?? '')}`) : pill('bad', now.checked)
  return [
    ['We call it', checked],
    ['It called us', moment(now.echoed_at, 'No C-ECHO yet')],
    ['Last image', moment(received_at, 'None yet')],
    ['Associations now', now.association_limit === null ? count(now.associations) : `${count(now.associations)} of ${count(now.association_limit)}`],
    ...(now.refused_at ? [['Turned away', pill('attn', `${now.refused} ${when(now.refused_at)}`)] as const] : []),
  ]
}

function today({ today: now, rate }: SourceStatus): Fact[] {
  return [
    ['Received', count(now.received)],
    ['Stored', `${count(now.stored)}, ${count(now.duplicate)} known already`],
    ['Held, not taken', `${count(now.quarantined)}, ${count(now.refused)}`],
    ['Still arriving', plural(now.arriving, 'study', 'studies')],
    ['This minute', rate.room === null ? plural(rate.this_minute, 'image') : `${plural(rate.this_minute, 'image')}; ${count(rate.room)} of ${count(rate.limit ?? 0)} may come now`],
  ]
}

function fetched({ pull, worklist }: SourceStatus): Fact[] {
  if (!pull.can_pull) return [['Fetching', <span key="none" className="t3">It sends by itself</span>]]
  const last =
    pull.state === '' ? (
      <span className="t3">Never</span>
    ) : pull.error ? (
      pill('bad', pull.error)
    ) : pull.state === 'succeeded' ? (
      pill(pull.failed ? 'attn' : 'ok', `${pull.studies ? plural(pull.studies, 'study', 'studies') : 'Nothing fitted'}${pull.failed ? `, ${count(pull.failed)} not whole` : ''}, ${when(pull.last_at ?? '')}`)
    ) : (
      pill('busy', pull.progress || 'Under way')
    )
  return [
    ['Last', last],
    ['Next', pull.next_at ? (new Date(pull.next_at) <= new Date() ? 'Now' : when(pull.next_at)) : <span className="t3">Only when asked</span>],
    ['Worklist', worklist ? `${plural(worklist, 'accession number')}, sealed` : <span className="t3">Empty</span>],
  ]
}

function trust({ certificates, commitments }: SourceStatus): Fact[] {
  return [
    ['Its certificate', expiry(certificates.source_until, 'It has shown none')],
    ['Ours', expiry(certificates.listener_until, 'TLS is off')],
    ['Commitments', `${count(commitments.answered)} answered, ${count(commitments.open)} open${commitments.undelivered ? `, ${count(commitments.undelivered)} not heard` : ''}`],
  ]
}

function expiry(iso: string | null, none: string) {
  if (!iso) return <span className="t3">{none}</span>
  const left = new Date(iso).getTime() - Date.now()
  const day = new Date(iso).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
  return left < 0 ? pill('bad', `Expired on ${day}`) : pill(left < SOON ? 'attn' : 'ok', `Until ${day}`)
}
