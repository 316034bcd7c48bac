import { Select } from '@mantine/core'
import { IconEye, IconEyeOff } from '@tabler/icons-react'
import { Button } from '@/components/Button'
import { Glyph } from '@/components/Glyph'
import { StatePill, type Tone } from '@/components/StatePill'
import { ActionKey } from '@/components/KeyCap'
import type { Segment } from '@/state/annotation'
import { orderedSegments, type SessionView } from '@/state/session'
import { colourOf, nameOf, orderOf } from '@/state/structure'
import { AcceptRest } from './AcceptRest'
import { segmentName, type Doubt } from './doubts'
import classes from './read.module.css'
import type { Room, RoomView } from './room'

const WORDS: Readonly<Record<Segment['status'], readonly [Tone, string]>> = { proposed: ['info', 'Proposed'], edited: ['busy', 'Edited'], accepted: ['ok', 'Accepted'] }

export function StructuresPanel({ room, session, view }: { room: Room; session: SessionView; view: RoomView }) {
  const { segments, structures } = session
  const doubtOf = new Map(view.sureness.doubts.map((doubt) => [segmentName(doubt), doubt]))
  const ordered = orderedSegments(segments)
  const isDoubtful = (segment: Segment) => segment.status === 'proposed' && doubtOf.has(segmentName(segment))
  const groups = [
    { title: 'Doubtful, worst first', aside: <ActionKey action="read.doubtful.next" />, rows: ordered.filter(isDoubtful).sort((a, b) => (doubtOf.get(segmentName(a))?.confidence ?? 1) - (doubtOf.get(segmentName(b))?.confidence ?? 1)) },
    { title: 'Proposed by the model', aside: 'confidence', rows: ordered.filter((segment) => segment.status === 'proposed' && !isDoubtful(segment)) },
    { title: 'Edited', aside: null, rows: ordered.filter((segment) => segment.status === 'edited') },
    { title: 'Accepted by you', aside: `${segments.filter((segment) => segment.status === 'accepted').length} of ${segments.length}`, rows: ordered.filter((segment) => segment.status === 'accepted') },
  ]
  const missing = [...structures.values()].filter((structure) => !segments.some((segment) => segment.structure === structure.code)).sort((a, b) => orderOf(a.code) - orderOf(b.code))
  const canWrite = session.phase.kind === 'ready'
  return (
    <>
      <div className={classes['list']}>
        {segments.length === 0 && session.phase.kind !== 'opening' && <p className={classes['hint']}>Nothing is drawn yet. Add a structure below, then paint it with the brush.</p>}
        {groups.map(
          (group) =>
            group.rows.length > 0 && (
              <section key={group.title}>
                <h3 className={classes['group']}>
                  <span>{group.title}</span>
                  <span>{group.aside}</span>
                </h3>
                <ul>
                  {group.rows.map((segment) => (
                    <Row key={segmentName(segment)} room={room} session={session} view={view} segment={segment} doubt={isDoubtful(segment) ? doubtOf.get(segmentName(segment)) : undefined} />
                  ))}
                </ul>
              </section>
            ),
        )}
      </div>
      {canWrite && (
        <div className={classes['add']}>
          <AcceptRest room={room} session={session} />
          <Select
            placeholder="Add a structure"
            aria-label="Add a structure"
            searchable
            clearable
            value={null}
            data={missing.map((structure) => ({ value: structure.code, label: nameOf(structure.code, structures) }))}
            nothingFoundMessage="Every structure of the protocol is there."
            onChange={(code) => {
              if (!code) return
              room.session.addStructure(code)
              // what comes next is painting: the keys are the room's again
              requestAnimationFrame(() => document.activeElement instanceof HTMLElement && document.activeElement.blur())
            }}
          />
        </div>
      )}
    </>
  )
}

function Row({ room, session, view, segment, doubt }: { room: Room; session: SessionView; view: RoomView; segment: Segment; doubt: Doubt | undefined }) {
  const key = { id: segment.id, layer: segment.layer }
  const name = nameOf(segment.structure, session.structures)
  const isActive = session.active?.id === segment.id && session.active.layer === segment.layer
  const isHidden = view.hidden.has(segmentName(key))
  const sure = view.sureness.confidence.get(segmentName(key))
  const [tone, word] = doubt ? (['attn', 'Doubtful'] as const) : WORDS[segment.status]
  const canWrite = session.phase.kind === 'ready'
  return (
    <li className={classes['row']} data-active={isActive || undefined}>
      <div className={classes['rowLine']}>
        <button type="button" className={classes['rowButton']} aria-current={isActive} onClick={() => room.walk.choose(key)}>
          <i className={classes['swatch']} style={{ background: segment.colour ?? colourOf(segment.structure, session.structures.get(segment.structure)?.category) }} />
          <span>
            {name} {view.visited.has(segmentName(key)) && <Glyph name="check" size={12} label="looked at" />}
          </span>
          <StatePill bare tone={tone}>
            {word}
          </StatePill>
          {sure !== undefined && (
            <span className={classes['sure']} data-doubtful={doubt ? true : undefined}>
              <span>
                <i style={{ width: `${sure * 100}%` }} />
              </span>
              {sure.toFixed(2)}
            </span>
          )}
        </button>
        <button type="button" className={classes['eye']} aria-label={isHidden ? `Show ${name}` : `Hide ${name}`} aria-pressed={isHidden} onClick={() => room.masks.toggleHidden(key)}>
          {isHidden ? <IconEyeOff size={14} stroke={1.5} /> : <IconEye size={14} stroke={1.5} />}
        </button>
      </div>
      {isActive && (
        <div className={classes['rowMore']}>
          {doubt && doubt.reasons.length > 0 && (
            <ul>
              {doubt.reasons.map((reason) => (
                <li key={reason}>{reason}</li>
              ))}
            </ul>
          )}
          {canWrite && (
            <div className={classes['rowActs']}>
              {segment.status === 'accepted' || segment.locked ? (
                <Button size="compact" onClick={() => room.session.reopen(key)}>
                  Open again
                </Button>
              ) : (
                <>
                  <Button size="compact" action="read.accept" onClick={() => room.walk.acceptAndNext()}>
                    Accept
                  </Button>
                  <Button size="compact" action="read.reject" onClick={() => room.walk.rejectActive()}>
                    {segment.status === 'proposed' ? 'Reject' : 'Remove'}
                  </Button>
                </>
              )}
            </div>
          )}
        </div>
      )}
    </li>
  )
}
