import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { Button } from '@/components/Button'
import type { Surface } from '@/geometry/mesh'
import { surfaceGet } from '@/state/surface'
import { SurfaceView } from '@/viewer/surface'
import { segmentName } from './doubts'
import type { PanelProps } from './panels'
import classes from './read.module.css'

const LAYER = 'instances'
const SETTLED_MS = 2500

type Standing = { readonly kind: 'asking' | 'making' | 'shown' } | { readonly kind: 'refused'; readonly why: string }
type Letters = Parameters<ConstructorParameters<typeof SurfaceView>[2]>[0]

/** The spine in three dimensions: turned by dragging or the arrows, and a click goes there in every picture. */
export function SurfacePane({ room, session, view }: PanelProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const shown = useRef<SurfaceView | null>(null)
  const [letters, setLetters] = useState<Letters | null>(null)
  const stack = surfaceStack({ room, session, view })
  const { surface, standing } = useSurface(room, stack, session.save.kind === 'saved' ? session.seq : null)

  useEffect(() => {
    if (!canvas.current) return undefined
    const made = new SurfaceView(
      canvas.current,
      (segment, point) => {
        room.session.activate({ id: segment, layer: LAYER })
        room.goTo({ stack, point })
      },
      (next) => setLetters((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next)),
    )
    shown.current = made
    return () => {
      made.dispose()
      shown.current = null
    }
  }, [room, stack])

  useEffect(() => {
    if (surface) shown.current?.setMeshes(surface.meshes)
  }, [surface, stack])

  useEffect(() => {
    shown.current?.setStyle((mesh) => {
      const key = { id: mesh.segment, layer: LAYER }
      return {
        colour: room.masks.colourOf(key) ?? mesh.colour,
        isVisible: !view.hidden.has(segmentName(key)) && room.session.segment(key) !== undefined,
        isActive: session.active?.id === mesh.segment && session.active.layer === LAYER,
      }
    })
  }, [room, stack, view.hidden, session.active, session.segments, surface])

  return (
    <section className={classes['pane']} aria-label="Surface in 3D" data-surface={standing.kind}>
      {/* a canvas that is turned by the arrow keys needs the focus */}
      <canvas ref={canvas} className={classes['surface']} tabIndex={0} role="img" aria-label="The spine in 3D. Arrow keys turn it." />
      <div className={classes['topLeft']}>
        <b>3D surface</b>
        <br />
        {standing.kind === 'shown' && surface ? `${surface.meshes.length} structures` : standing.kind === 'refused' ? standing.why : standing.kind === 'making' ? 'being made on the server' : 'loading'}
      </div>
      <div className={classes['topRight']}>
        <Button size="compact" variant="quiet" onClick={() => shown.current?.reset()}>
          Reset
        </Button>
      </div>
      {letters && (
        <>
          <span className={classes['letter']} data-side="left">{letters.left}</span>
          <span className={classes['letter']} data-side="right">{letters.right}</span>
          <span className={classes['letter']} data-side="top">{letters.top}</span>
          <span className={classes['letter']} data-side="bottom">{letters.bottom}</span>
        </>
      )}
    </section>
  )
}

/** The series whose surface is shown: the large picture's, if it is a volume with a mask, else the first that is. */
const surfaceStack = ({ room, session, view }: PanelProps): string => {
  const isFit = (stack: string) => session.manifests.some((manifest) => manifest.stack === stack && manifest.geometry !== null) && room.session.labelmap(stack, LAYER) !== undefined
  const order = [view.panes[0]?.stack ?? '', ...session.manifests.map((manifest) => manifest.stack)]
  return order.find(isFit) ?? ''
}

/** Ask for the surface now, and again a while after what was drawn has been saved. */
function useSurface(room: PanelProps['room'], stack: string, seq: number | null): { surface: Surface | null; standing: Standing } {
  const annotation = useSyncExternalStore(room.session.subscribe, () => room.session.annotationId)
  const [found, setFound] = useState<{ stack: string; surface: Surface | null; standing: Standing }>({ stack, surface: null, standing: { kind: 'asking' } })
  const asked = useRef('')
  useEffect(() => {
    if (!annotation || !stack || seq === null) return undefined
    const abort = new AbortController()
    let timer = 0
    const ask = async () => {
      try {
        const answer = await surfaceGet(annotation, stack, LAYER, abort.signal)
        if ('again' in answer) {
          setFound((before) => (before.surface && before.stack === stack ? before : { stack, surface: null, standing: { kind: 'making' } }))
          timer = window.setTimeout(() => void ask(), answer.again)
        } else setFound({ stack, surface: answer.surface, standing: { kind: 'shown' } })
      } catch (error) {
        if (!abort.signal.aborted) setFound({ stack, surface: null, standing: { kind: 'refused', why: error instanceof Error ? error.message : 'It cannot be shown.' } })
      }
    }
    timer = window.setTimeout(() => void ask(), asked.current === stack ? SETTLED_MS : 0)
    asked.current = stack
    return () => {
      window.clearTimeout(timer)
      abort.abort()
    }
  }, [annotation, stack, seq])
  if (!stack) return { surface: null, standing: { kind: 'refused', why: 'No series of this case is a volume: there is nothing to be turned.' } }
  return found.stack === stack ? found : { surface: null, standing: { kind: 'asking' } }
}
