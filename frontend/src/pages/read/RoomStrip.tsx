import { Strip, type StripItem, type StripTone } from '@/components/shell/Strip'
import type { GlyphName } from '@/components/Glyph'
import type { SaveState } from '@/state/outbox'
import type { SessionView } from '@/state/session'
import { ProgressBar } from './ProgressBar'
import type { Room, RoomView } from './room'

/** The words of the five save states. */
export const saveWords = (save: SaveState): { text: string; tone: StripTone; glyph: GlyphName } => {
  switch (save.kind) {
    case 'saved':
      return { text: save.at ? `Saved ${save.at.toLocaleTimeString('en-GB')}` : 'Saved', tone: 'ok', glyph: 'check' }
    case 'saving':
      return { text: `Saving ${save.count}`, tone: 'busy', glyph: 'half' }
    case 'offline':
      return { text: `Offline – ${save.count} ${save.count === 1 ? 'change' : 'changes'} kept on this computer${save.message ? `. ${save.message}` : ''}`, tone: 'attn', glyph: 'triangle' }
    case 'conflict':
      return { text: `Conflict: ${save.count} ${save.count === 1 ? 'change' : 'changes'} kept`, tone: 'bad', glyph: 'octagon' }
    case 'error':
      return { text: `Error: ${save.message}`, tone: 'bad', glyph: 'octagon' }
  }
}

export function RoomStrip({ room, session, view }: { room: Room; session: SessionView; view: RoomView }) {
  const { save, masksLoaded, masksTotal } = session
  const words = saveWords(save)
  const items: StripItem[] = [
    {
      text: (
        <span role="status" aria-live="polite" data-save={save.kind}>
          {words.text}
        </span>
      ),
      tone: words.tone,
      glyph: words.glyph,
    },
    { text: `${room.session.unsent ? `outbox ${room.session.unsent}` : 'outbox empty'} · change ${session.seq}` },
    ...(masksLoaded < masksTotal ? [{ text: <ProgressBar label="Masks loaded" done={masksLoaded} total={masksTotal} words={`mask ${masksLoaded} of ${masksTotal}`} />, glyph: 'layers' as const, tone: 'busy' as const }] : []),
    ...(session.resent ? [{ text: `${session.resent} ${session.resent === 1 ? 'slice' : 'slices'} sent again and checked`, tone: 'ok' as const }] : []),
    ...(session.restored ? [{ text: `${session.restored} changes of an earlier tab put back`, tone: 'ok' as const }] : []),
    { text: session.case?.proposal ? 'Proposal shown' : session.isRevealed ? 'Proposal revealed' : 'No proposal', glyph: 'layers' },
    { text: `brush ${(view.radius * 2).toFixed(1)} mm${view.isSphere ? ' sphere' : ''}${view.range ? `, values ${view.range[0]} to ${view.range[1]}` : ''}` },
  ]
  return <Strip items={items} keys={[['read.peek', 'peek'], ['read.brush.smaller', ''], ['read.brush.larger', 'brush'], ['read.structure.previous', ''], ['read.structure.next', 'structure'], ['read.undo', `undo ${session.undoable}`]]} />
}
