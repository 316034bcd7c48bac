import { useCallback, useSyncExternalStore } from 'react'
import { Glyph } from '@/components/Glyph'
import { ActionKey } from '@/components/KeyCap'
import type { SessionView } from '@/state/session'
import { AMBER } from './doubts'
import classes from './read.module.css'
import type { Room, RoomView } from './room'
import { TouchSteps } from './TouchSteps'

/** How unsure the model was, slice by slice, under the large picture; without a proposal, which slices were looked at. */
export function EntropyStrip({ room, view, session }: { room: Room; view: RoomView; session: SessionView }) {
  const large = view.panes[0]
  const subscribe = useCallback((listener: () => void) => room.panes.subscribe(large?.id ?? '', listener), [room, large?.id])
  const state = useSyncExternalStore(subscribe, () => room.panes.state(large?.id ?? ''))
  if (!large || !state) return <div className={classes['entropy']} />
  const entropy = large.view === 'stack' ? view.sureness.entropy.get(large.stack) : undefined
  const seen = view.seen.get(large.stack)
  const count = state.count
  const top = Math.max(0.5, ...(entropy ?? []))
  // a number of three figures needs more room than one of two
  const labels = Math.max(1, Math.ceil(count / (count > 99 ? 8 : 12)))
  return (
    <section className={classes['entropy']} aria-label="Slices">
      <div>
        <h2>{entropy ? 'Entropy' : 'Slices'}</h2>
        <p className="micro t3">{entropy ? `amber above ${AMBER.toFixed(2)}` : session.case?.proposal ? 'no uncertainty for this plane' : 'no proposal'}</p>
        <p className="micro t2">
          slice <b>{state.slice + 1}</b> of {count}
        </p>
      </div>
      <div className={classes['bars']}>
        {Array.from({ length: count }, (_, slice) => {
          const value = entropy?.[slice] ?? 0
          return (
            <button
              key={slice}
              type="button"
              tabIndex={-1}
              className={classes['barCell']}
              data-now={slice === state.slice || undefined}
              data-doubtful={value > AMBER || undefined}
              data-seen={seen?.has(slice) || undefined}
              aria-label={entropy ? `Slice ${slice + 1}, entropy ${value.toFixed(2)}` : `Slice ${slice + 1}`}
              onClick={(event) => {
                event.currentTarget.blur()
                room.viewer.goTo(large.id, slice)
              }}
            >
              <i style={{ height: entropy ? `${Math.max(4, (100 * value) / top)}%` : '14%' }} />
              <small>{slice === state.slice || (slice % labels === 0 && Math.abs(slice - state.slice) >= labels) ? slice + 1 : ''}</small>
            </button>
          )
        })}
      </div>
      <TouchSteps room={room} session={session} />
      <div className={`micro t2 ${classes['entropyKeys'] ?? ''}`}>
        <span>
          <ActionKey action="read.slice.previous" /> <ActionKey action="read.slice.next" /> slice
        </span>
        <span>
          <ActionKey action="read.doubtful.next" /> next doubtful
        </span>
        <span className="t3">
          <Glyph name="check" size={12} /> {seen?.size ?? 0} of {count} seen
        </span>
      </div>
    </section>
  )
}
