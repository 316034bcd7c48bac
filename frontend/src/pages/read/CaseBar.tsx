import { useEffect, useSyncExternalStore } from 'react'
import { Link } from 'react-router'
import { Button } from '@/components/Button'
import { Glyph } from '@/components/Glyph'
import type { SessionView } from '@/state/session'
import { effortOf } from './effortOf'
import classes from './read.module.css'
import { RevealButton } from './RevealButton'
import type { Room, RoomView } from './room'

const MODES: Readonly<Record<string, string>> = { ai_first: 'AI first', blind_first: 'Blind first', ai_hidden: 'AI hidden' }

interface Props {
  room: Room
  session: SessionView
  view: RoomView
  openDoubts: number
  submitting: boolean
  onSubmit: () => void
}

/** Which case, how much of it is settled, and the one thing to do next. */
export function CaseBar({ room, session, view, openDoubts, submitting, onSubmit }: Props) {
  const { case: info, segments } = session
  const doubts = view.sureness.doubts.length
  const rest = segments.filter((segment) => segment.status !== 'accepted').length
  const isReady = session.phase.kind === 'ready'
  const reason = isReady ? null : session.phase.kind === 'read-only' ? 'Reading only' : 'Opening'
  return (
    <header className={classes['bar']}>
      <Link className={classes['back']} to="/worklist">
        <Glyph name="left" size={12} /> Worklist
      </Link>
      <span className={classes['rule']} />
      <h1 className={classes['subject']}>{info?.subject ?? 'Case'}</h1>
      <span className={`small t2 ${classes['about'] ?? ''}`}>{[info?.description, `${session.manifests.length} series`, info?.protocolName].filter(Boolean).join(' · ')}</span>
      <span className="spread" />
      {doubts > 0 && (
        <span className={classes['fact']} data-fact="doubts">
          <Ticks done={doubts - openDoubts} total={doubts} />
          <span>
            <b>
              {doubts - openDoubts} of {doubts}
            </b>{' '}
            doubtful done
          </span>
        </span>
      )}
      <span className={classes['fact']} data-fact="mode">
        <Glyph name="chip" size={12} /> {MODES[info?.readingMode ?? ''] ?? 'AI first'}
      </span>
      <span className={classes['fact']} data-fact="time">
        <Glyph name="clock" size={12} /> <ActiveTime room={room} session={session} />
      </span>
      <RevealButton room={room} session={session} />
      {rest > 0 && (
        <Button variant="primary" size="large" action="read.accept" reason={reason} reasonPlace="page" onClick={() => room.walk.acceptAndNext()}>
          Accept and next
        </Button>
      )}
      <Button variant={rest > 0 ? 'outline' : 'primary'} size="large" action="read.submit" reason={reason} reasonPlace="page" busy={submitting && 'Submitting'} onClick={onSubmit}>
        {openDoubts > 0 ? `Submit: ${openDoubts} doubtful open` : 'Submit and next'}
      </Button>
    </header>
  )
}

function Ticks({ done, total }: { done: number; total: number }) {
  return (
    <span className={classes['ticks']} aria-hidden="true">
      {Array.from({ length: Math.min(total, 12) }, (_, i) => (
        <i key={i} data-state={i < done ? 'done' : i === done ? 'now' : 'open'} />
      ))}
    </span>
  )
}

/** Active time on this case over all visits; it stands still a minute after the last sign of somebody. */
export function ActiveTime({ room, session }: { room: Room; session: SessionView }) {
  const effort = effortOf(room)
  const now = useSyncExternalStore(effort.subscribe, effort.getView)
  useEffect(() => effort.start(), [effort])
  const active = clockOf(session.spent.active + now.active)
  return (
    <time aria-label="Active time" title={`${active} at work, ${clockOf(session.spent.idle + now.idle)} paused. Only times are recorded, for the case and per structure.`} data-paused={now.isPaused || undefined}>
      {active}
      {now.isPaused && ' paused'}
    </time>
  )
}

const clockOf = (seconds: number): string => `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
