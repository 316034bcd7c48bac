import { Glyph } from '@/components/Glyph'
import type { SessionView } from '@/state/session'
import classes from './read.module.css'
import type { Room } from './room'

/** For hands without a keyboard: what the keys do most often. Shown where targets are made for fingers. */
export function TouchSteps({ room, session }: { room: Room; session: SessionView }) {
  return (
    <div className={classes['touchSteps']} role="group" aria-label="Steps">
      <button type="button" aria-disabled={!session.undoable} onClick={() => room.painting.undo()}>
        Undo
      </button>
      <button type="button" aria-label="Previous slice" onClick={() => room.panes.step(-1)}>
        <Glyph name="left" />
      </button>
      <button type="button" aria-label="Next slice" onClick={() => room.panes.step(1)}>
        <Glyph name="right" />
      </button>
      <button type="button" aria-disabled={!session.redoable} onClick={() => room.painting.redo()}>
        Redo
      </button>
      <button type="button" aria-label="Previous doubtful place" onClick={() => room.walk.nextDoubt(-1)}>
        <Glyph name="left" size={12} />
        <Glyph name="triangle" size={14} />
      </button>
      <button type="button" aria-label="Next doubtful place" onClick={() => room.walk.nextDoubt(1)}>
        <Glyph name="triangle" size={14} />
        <Glyph name="right" size={12} />
      </button>
    </div>
  )
}
