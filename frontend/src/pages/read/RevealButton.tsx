import { useEffect, useSyncExternalStore } from 'react'
import { Button } from '@/components/Button'
import { useKeys } from '@/keys/useKeys'
import type { SessionView } from '@/state/session'
import { revealOf } from './reveal'
import type { Room } from './room'

/** Where cases are read blind first: the press that freezes the blind reading and shows the model's. */
export function RevealButton({ room, session }: { room: Room; session: SessionView }) {
  const reveal = revealOf(room)
  const view = useSyncExternalStore(reveal.subscribe, reveal.getView)
  const isBlindFirst = session.case?.readingMode === 'blind_first'
  const isReady = session.phase.kind === 'ready'
  const { isRevealed } = session
  useEffect(() => {
    if (isReady && isRevealed) void reveal.again()
  }, [reveal, isReady, isRevealed])
  useKeys({ 'read.reveal': { down: () => void reveal.ask() }, 'read.difference': { down: () => reveal.toggle() }, 'read.takeModel': { down: () => reveal.take() } }, isBlindFirst && isReady)
  if (!isBlindFirst || !isReady) return null
  if (view.isThere)
    return (
      <>
        {view.isShown && (
          <Button size="large" action="read.takeModel" reason={session.active ? null : 'Choose a structure first'} reasonPlace="page" onClick={() => reveal.take()}>
            Take its outline
          </Button>
        )}
        <Button size="large" variant="quiet" action="read.difference" onClick={() => reveal.toggle()}>
          {view.isShown ? 'Hide the model’s outlines' : 'Show the model’s outlines'}
        </Button>
      </>
    )
  return (
    <Button size="large" action="read.reveal" busy={view.isLoading && 'Revealing'} onClick={() => void reveal.ask()}>
      Reveal the model
    </Button>
  )
}
