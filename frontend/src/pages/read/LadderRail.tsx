import { Glyph } from '@/components/Glyph'
import { orderedSegments, type SessionView } from '@/state/session'
import { colourOf, isVertebra, nameOf } from '@/state/structure'
import { segmentName } from './doubts'
import classes from './read.module.css'
import type { Room, RoomView } from './room'

/** The levels of this spine from head to feet, as the masks have them. */
export function LadderRail({ room, session, view }: { room: Room; session: SessionView; view: RoomView }) {
  const levels = orderedSegments(session.segments).filter((segment) => isVertebra(segment.structure))
  return (
    <aside className={classes['ladder']} aria-label="Levels">
      <h2>Levels</h2>
      <span className="micro t3">{levels.length ? `${levels.length} from head to feet` : 'none drawn yet'}</span>
      <ol className={classes['rungs']}>
        {levels.map((segment) => {
          const key = { id: segment.id, layer: segment.layer }
          const name = segmentName(key)
          const isDoubtful = segment.status === 'proposed' && view.sureness.doubts.some((doubt) => segmentName(doubt) === name)
          const isActive = session.active?.id === segment.id && session.active.layer === segment.layer
          return (
            <li key={name}>
              <button type="button" className={classes['rung']} data-active={isActive || undefined} style={{ borderLeftColor: colourOf(segment.structure) }} aria-current={isActive} onClick={() => room.choose(key)}>
                {nameOf(segment.structure)}
                <span className={isDoubtful ? 'attn' : segment.status === 'accepted' ? 'ok' : segment.status === 'edited' ? 'busy' : 'info'}>
                  <Glyph name={isDoubtful ? 'triangle' : segment.status === 'accepted' ? 'check' : segment.status === 'edited' ? 'half' : 'ring'} size={12} label={isDoubtful ? 'doubtful' : segment.status} />
                </span>
              </button>
            </li>
          )
        })}
      </ol>
    </aside>
  )
}
