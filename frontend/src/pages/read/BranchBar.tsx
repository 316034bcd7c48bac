import { useState } from 'react'
import { Button } from '@/components/Button'
import type { SessionView } from '@/state/session'
import type { Compared } from '@/state/session/branches'
import type { SegmentStyle } from '@/viewer/masks'
import classes from './read.module.css'
import type { Room } from './room'

/** How the branch's structures are drawn: white outlines without names, over the reader's own. */
const OUTLINE: SegmentStyle = { colour: '#ffffff', name: '', isVisible: true, isActive: false, isProposal: true, isDoubtful: false, hasChip: false }

/** Work that was kept as a branch: what it draws otherwise, shown over the images, and the way to take it over. */
export function BranchBar({ room, session }: { room: Room; session: SessionView }) {
  const [compared, setCompared] = useState<Compared | null>(null)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [busy, setBusy] = useState(false)
  const branch = session.branches.find((each) => !left.has(each.annotation.id))
  if (!branch || session.phase.kind !== 'ready' || session.offered) return null

  const close = () => {
    setCompared(null)
    room.masks.compare([])
  }
  const compare = () => {
    setBusy(true)
    room.session.branches
      .compare(branch)
      .then((found) => {
        setCompared(found)
        room.masks.compare(found.masks.map((mask) => ({ ...mask, style: () => OUTLINE })))
        const first = found.differences[0]
        if (first) room.goTo({ stack: first.stack, segment: first.key })
      })
      .catch((error: unknown) => room.notify('The branch cannot be shown', error instanceof Error ? error.message : 'Try again in a moment.', 'attn'))
      .finally(() => setBusy(false))
  }
  const takeOver = () => {
    if (!compared) return
    room.session.branches.takeOver(compared)
    room.notify('Branch taken over', 'takes it back. The branch itself stays as it is.', 'ok', 'undo')
    setLeft(new Set(left).add(branch.annotation.id))
    close()
  }
  const changes = branch.count === 1 ? '1 change' : `${branch.count} changes`
  const when = new Date(branch.createdAt).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  return (
    <section className={classes['banner']} aria-label="Branch">
      {compared ? (
        <>
          <span>
            <b>The branch</b> {differencesWords(compared)} Its outlines are white.
          </span>
          {compared.differences.slice(0, 4).map((difference) => (
            <Button key={`${difference.key.layer} ${difference.key.id}`} size="compact" onClick={() => room.goTo({ stack: difference.stack, segment: difference.key })}>
              {difference.name} +{difference.added} −{difference.removed}
            </Button>
          ))}
          <span className="spread" />
          <Button size="compact" variant="primary" onClick={takeOver}>
            Take it over
          </Button>
          <Button size="compact" onClick={close}>
            Leave mine as it is
          </Button>
        </>
      ) : (
        <>
          <span>
            {changes} of yours are kept as a branch since {when}.
          </span>
          <Button size="compact" busy={busy && 'Loading'} onClick={compare}>
            Compare
          </Button>
          <Button size="compact" onClick={() => setLeft(new Set(left).add(branch.annotation.id))}>
            Not now
          </Button>
        </>
      )}
    </section>
  )
}

const differencesWords = ({ differences, hasMore }: Compared): string => {
  const more = hasMore ? ' Names, levels or states differ too.' : ''
  if (!differences.length) return hasMore ? 'draws the same.' + more : 'is the same as yours.'
  return `draws ${differences.length === 1 ? 'one structure' : `${differences.length} structures`} otherwise (voxels it has more, and less).${more}`
}
