import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useNavigate } from 'react-router'
import { Button } from '@/components/Button'
import { EmptyState } from '@/components/States'
import { announce } from '@/components/shell/live'
import { useKeys } from '@/keys/useKeys'
import { useMe } from '@/state/account'
import { caseNext } from '@/state/annotation'
import { OutboxStore } from '@/state/outboxStore'
import { BranchBar } from './BranchBar'
import { CaseBar } from './CaseBar'
import { ConflictDialog } from './ConflictDialog'
import { EntropyStrip } from './EntropyStrip'
import { gradingOf } from './grading/grading'
import { LadderRail } from './LadderRail'
import { OfferDialog } from './OfferDialog'
import { measureKeys } from './measure/keys'
import { PaneFrame } from './PaneFrame'
import { useKeyPointer } from './keyPointer'
import { prefetchNext } from './prefetch'
import classes from './read.module.css'
import type { Room } from './room'
import { RoomStrip } from './RoomStrip'
import { SidePanel } from './SidePanel'
import { SubmitDialog } from './SubmitDialog'
import { AiBanner, ToolOptions } from './ToolOptions'
import { SurfacePane } from './SurfacePane'
import { ToolRail } from './ToolRail'

/** A key pressed twice, or held, is one submission: so soon after one, the next case is not handed in as well. */
const ONCE_MS = 1500
let handedInAt = -Infinity

export function CaseScreen({ room }: { room: Room }) {
  const session = useSyncExternalStore(room.session.subscribe, room.session.getView)
  const view = useSyncExternalStore(room.subscribe, room.getView)
  const [asking, setAsking] = useState(false)
  const [submitting, setSubmitting] = useState(false)
  const isUnderWay = useRef(false)
  const navigate = useNavigate()
  const { phase } = session
  const openDoubts = room.walk.openDoubts().length

  const submit = async (force: boolean) => {
    if (isUnderWay.current) return
    if (performance.now() - handedInAt < ONCE_MS) {
      room.notify('Submitted', 'That was the case before. This is the next one; nothing of it is submitted.', 'info')
      return
    }
    const isMissing = gradingOf(room).missing().length > 0
    if (isMissing || ((room.walk.openDoubts().length || room.naming.errors().length) && !force)) {
      setAsking(true)
      return
    }
    setAsking(false)
    isUnderWay.current = true
    setSubmitting(true)
    try {
      await room.session.submit()
      announce('Submitted.')
      handedInAt = performance.now()
      const project = room.session.getView().case?.project ?? ''
      const next = await caseNext(project, await new OutboxStore().browser()).catch(() => null)
      await navigate(next ? `/read/${next.case.id}` : '/worklist', { replace: true })
      handedInAt = performance.now()
    } catch (error) {
      room.notify('Not submitted', error instanceof Error ? error.message : 'Try again in a moment.', 'attn')
    } finally {
      isUnderWay.current = false
      setSubmitting(false)
    }
  }

  useRoomKeys(room, () => void submit(false))
  useKeyPointer(room)
  useLeaving(room)
  useSignedInAgain(room)
  usePrefetch(room, phase.kind === 'ready')

  if (phase.kind === 'failed')
    return (
      <main className={classes['alone']} aria-label="Reading room">
        <EmptyState why={phase.message} who="Nothing you drew is lost: what is unsent stays on this computer.">
          <Button onClick={() => void room.session.open()}>Try again</Button>
          <Button onClick={() => void navigate('/worklist')}>Worklist</Button>
        </EmptyState>
      </main>
    )

  if (phase.kind === 'withdrawn')
    return (
      <main className={classes['alone']} aria-label="Reading room">
        <EmptyState why={phase.message} who="Nothing you did was wrong. Changes that were not sent yet stay sealed on this computer; they are not sent any more.">
          <Button variant="primary" onClick={() => void navigate('/worklist')} data-autofocus>
            Back to the worklist
          </Button>
        </EmptyState>
      </main>
    )

  const [large, ...others] = view.panes
  const side = view.isSurfaceShown ? others.slice(0, 1) : others
  const beside = side.length + Number(view.isSurfaceShown)
  return (
    <div className={classes['screen']} data-phase={phase.kind}>
      <CaseBar room={room} session={session} view={view} openDoubts={openDoubts} submitting={submitting} onSubmit={() => void submit(false)} />
      {session.case?.returned && (
        <div className={classes['banner']} role="status" aria-label="Returned to you">
          <span>Your reading came back: {session.case.returned.note}</span>
        </div>
      )}
      {phase.kind === 'read-only' && (
        <div className={classes['banner']} role="status">
          <span>{phase.message}</span>
          {phase.canTakeOver && (
            <Button size="compact" onClick={() => void room.session.open(true)}>
              Take over
            </Button>
          )}
          {room.session.unsent > 0 && (
            <Button size="compact" onClick={() => void room.session.branchUnsent().catch((error: unknown) => room.notify('Not kept as a branch yet', error instanceof Error ? error.message : 'Try again in a moment.', 'attn'))}>
              Keep my {room.session.unsent} unsent {room.session.unsent === 1 ? 'change' : 'changes'} as a branch
            </Button>
          )}
        </div>
      )}
      <BranchBar room={room} session={session} />
      <AiBanner room={room} view={view} />
      <div className={classes['room']} data-maximised={view.isMaximised || undefined} data-side={beside}>
        <ToolRail room={room} session={session} view={view} />
        <LadderRail room={room} session={session} view={view} />
        <main className={classes['views']} aria-label="Images">
          <div className={classes['large']} data-active={view.activePane === large?.id || undefined}>
            {large ? <PaneFrame key={`${large.id} ${large.stack} ${large.view}`} room={room} spec={large} view={view} session={session} /> : <Waiting phase={phase.kind} missing={session.missing.length} />}
            {view.notice && <NoticeCard room={room} />}
          </div>
          <ToolOptions room={room} session={session} view={view} />
          <EntropyStrip room={room} view={view} session={session} />
        </main>
        {beside > 0 && (
          <aside className={classes['side']} aria-label="Other images">
            {side.map((spec) => (
              <div key={spec.id} className={classes['well']} data-active={view.activePane === spec.id || undefined}>
                <PaneFrame key={`${spec.id} ${spec.stack} ${spec.view}`} room={room} spec={spec} view={view} session={session} />
              </div>
            ))}
            {view.isSurfaceShown && (
              <div className={classes['well']}>
                <SurfacePane room={room} session={session} view={view} />
              </div>
            )}
          </aside>
        )}
        <SidePanel room={room} session={session} view={view} />
      </div>
      <RoomStrip room={room} session={session} view={view} />
      <SubmitDialog opened={asking} room={room} doubts={room.walk.openDoubts()} session={session} onClose={() => setAsking(false)} onSubmit={() => void submit(true)} />
      <ConflictDialog room={room} session={session} />
      <OfferDialog room={room} session={session} />
    </div>
  )
}

function Waiting({ phase, missing }: { phase: string; missing: number }) {
  if (missing) return <EmptyState why="No series of this case can be shown yet." who="Its display frames are still being made, or the series cannot be read. The worklist shows it when it is ready." />
  return phase === 'opening' ? (
    <p className={classes['waiting']} role="status">
      Opening the case
    </p>
  ) : (
    <EmptyState why="This case holds no images." who="A data manager sees why on the intake page." />
  )
}

function NoticeCard({ room }: { room: Room }) {
  const { notice } = useSyncExternalStore(room.subscribe, room.getView)
  if (!notice) return null
  return (
    <div className={classes['toast']} role="status" data-tone={notice.tone}>
      <b>{notice.title}</b>
      <span className="t2">
        {notice.undo && <kbd className={classes['key']}>{notice.undo === 'redo' ? 'Ctrl Shift Z' : 'Ctrl Z'}</kbd>} {notice.text}
      </span>
    </div>
  )
}

function useRoomKeys(room: Room, submit: () => void) {
  const { session, viewer } = room
  const wereShown = useRef(true)
  useKeys({
    'read.peek': {
      down: () => {
        wereShown.current = room.getView().areMasksShown
        room.masks.showAtAll(!wereShown.current)
      },
      up: (_, held) => {
        if (held > 250) room.masks.showAtAll(wereShown.current)
      },
    },
    'read.brush.smaller': () => room.painting.resizeBrush(-1),
    'read.brush.larger': () => room.painting.resizeBrush(1),
    'read.brush.muchSmaller': () => room.painting.resizeBrush(-5),
    'read.brush.muchLarger': () => room.painting.resizeBrush(5),
    'read.tool.brush': () => room.setTool('brush'),
    'read.tool.erase': () => room.setTool('erase'),
    'read.tool.lasso': () => room.setTool('lasso'),
    'read.tool.click': () => room.setTool('click'),
    'read.tool.sign': () => room.prompts.swapSign(),
    'read.tool.contour': () => room.setTool('contour'),
    'read.tool.scissors': () => room.setTool('scissors'),
    'read.tool.split': () => room.setTool('split'),
    'read.tool.merge': () => room.setTool('merge'),
    'read.tool.swap': () => room.setTool('swap'),
    'read.tool.holes': () => room.painting.fillHoles(),
    'read.structure.lock': () => room.walk.toggleLock(),
    'read.cine': () => room.cine.toggle(),
    'read.window.1': () => room.panes.numberedPreset(1),
    'read.window.2': () => room.panes.numberedPreset(2),
    'read.window.3': () => room.panes.numberedPreset(3),
    'read.window.4': () => room.panes.numberedPreset(4),
    'read.window.5': () => room.panes.numberedPreset(5),
    'read.window.6': () => room.panes.numberedPreset(6),
    'read.magnify': { down: () => viewer.magnify(true), up: () => viewer.magnify(false) },
    'read.prior': () => void room.priors.next(),
    'read.link': () => room.panes.toggleLink(),
    'read.whole': () => room.panes.loadWhole(),
    'read.surface': () => room.panes.toggleSurface(),
    'read.view.invert': () => viewer.invert(),
    'read.view.rotate': () => viewer.rotate(),
    'read.view.flip': () => viewer.flip(),
    'read.tool.fill': () => room.painting.fillBetween(),
    'read.tool.island': () => room.painting.keepLargest(),
    'read.level.name': () => room.naming.name(),
    'read.level.point': () => room.naming.take(),
    'read.level.up': () => room.number('Levels shifted up', { action: 'shift', by: -1 }),
    'read.level.down': () => room.number('Levels shifted down', { action: 'shift', by: 1 }),
    'read.structure.previous': () => room.walk.nextStructure(-1),
    'read.structure.next': () => room.walk.nextStructure(1),
    'read.doubtful.next': () => room.walk.nextDoubt(1),
    'read.doubtful.previous': () => room.walk.nextDoubt(-1),
    'read.accept': {
      down: () => {
        if (!room.measuring.enter()) room.walk.acceptAndNext()
      },
    },
    'read.reject': { down: () => room.walk.rejectActive() },
    'read.slice.previous': () => {
      if (!room.measuring.arrow(0, -1)) room.panes.step(-1)
    },
    'read.slice.next': () => {
      if (!room.measuring.arrow(0, 1)) room.panes.step(1)
    },
    'read.cell.left': () => {
      room.measuring.arrow(-1, 0)
    },
    'read.cell.right': () => {
      room.measuring.arrow(1, 0)
    },
    ...measureKeys(room),
    'read.slice.first': () => room.panes.edge(false),
    'read.slice.last': () => room.panes.edge(true),
    'read.viewport.next': () => room.panes.next(1),
    'read.viewport.previous': () => room.panes.next(-1),
    'read.viewport.maximise': () => room.panes.maximise(),
    'read.hanging.next': () => room.panes.nextHanging(),
    'read.crosshair': () => room.setTool(room.getView().tool === 'crosshair' ? 'brush' : 'crosshair'),
    'read.opacity.less': () => room.masks.changeFill(-0.05),
    'read.opacity.more': () => room.masks.changeFill(0.05),
    'read.view.reset': () => viewer.resetView(),
    'read.window.next': () => room.panes.nextPreset(1),
    'read.window.previous': () => room.panes.nextPreset(-1),
    'read.undo': () => room.painting.undo(),
    'read.redo': () => room.painting.redo(),
    'read.save': () => void session.saveNow(),
    'read.submit': { down: submit },
    cancel: () => room.cancel(),
  })
}

/** What must happen when the tab is hidden, closed, or comes back. */
function useLeaving(room: Room) {
  useEffect(() => {
    const leave = () => room.session.leave()
    const back = () => void room.session.resumeSaving()
    const warn = (event: BeforeUnloadEvent) => {
      if (room.session.unsent) event.preventDefault()
    }
    window.addEventListener('pagehide', leave)
    window.addEventListener('online', back)
    window.addEventListener('beforeunload', warn)
    const hidden = () => {
      if (document.visibilityState === 'visible') back()
    }
    document.addEventListener('visibilitychange', hidden)
    return () => {
      window.removeEventListener('pagehide', leave)
      window.removeEventListener('online', back)
      window.removeEventListener('beforeunload', warn)
      document.removeEventListener('visibilitychange', hidden)
    }
  }, [room])
}

/** Somebody signed in over the unchanged screen: what waited for it goes on. */
function useSignedInAgain(room: Room) {
  const { dataUpdatedAt } = useMe()
  useEffect(() => {
    if (dataUpdatedAt) void room.session.resumeSaving()
  }, [room, dataUpdatedAt])
}

/** While this case is read, the next one comes into the browser's cache, once everything of this one is there. */
function usePrefetch(room: Room, isReady: boolean) {
  const { progress } = useSyncExternalStore(room.subscribe, room.getView)
  const isLoaded = isReady && [...progress.values()].every(({ loaded, total }) => loaded === total)
  useEffect(() => {
    if (!isLoaded) return undefined
    const abort = new AbortController()
    const info = room.session.getView().case
    const timer = setTimeout(() => void prefetchNext(info?.project ?? '', room.session.caseId, abort.signal), 800)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [room, isLoaded])
}
