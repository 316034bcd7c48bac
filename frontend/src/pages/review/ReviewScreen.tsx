import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { Link, useNavigate } from 'react-router'
import { Bar } from '@/components/Bar'
import { Button } from '@/components/Button'
import { Glyph } from '@/components/Glyph'
import { ActionKey } from '@/components/KeyCap'
import { Strip } from '@/components/shell/Strip'
import { announce } from '@/components/shell/live'
import { toastError } from '@/components/toast'
import { useKeys } from '@/keys/useKeys'
import { useMay } from '@/state/account'
import { formsGet } from '@/state/forms'
import { SIDES, sidesOf } from '@/state/review'
import type { PaneSpec } from '@/viewer/pane'
import type { Bench, BenchView } from './bench'
import { Disagreements } from './Disagreements'
import { GradesTable, LevelChains } from './Differences'
import { ReturnDialog } from './ReturnDialog'
import classes from './review.module.css'
import { Thread } from './Thread'

const HEADS: Readonly<Record<string, { readonly title: string; readonly colour: string | null }>> = {
  a: { title: 'Reader A', colour: 'var(--reader-a)' },
  b: { title: 'Reader B', colour: 'var(--reader-b)' },
  c: { title: 'Reader C', colour: 'var(--reader-c)' },
  difference: { title: 'Difference', colour: null },
}

/** Readers against each other: pictures that move together, what differs, and one key for each answer. */
export function ReviewScreen({ bench }: { bench: Bench }) {
  const view = useSyncExternalStore(bench.subscribe, bench.getView)
  const { data: forms = [] } = useQuery({ queryKey: ['forms'], queryFn: formsGet, staleTime: Infinity })
  const [isReturning, setReturning] = useState(false)
  const navigate = useNavigate()
  const mayDraw = useMay('case.label')
  const { adjudication } = view
  const open = bench.openFindings.length
  const settled = adjudication.findings.length - open
  const edit = async () => {
    if (mayDraw && (await bench.take('edit'))) await navigate(`/read/${adjudication.case}`)
  }
  const submit = async () => {
    if (bench.openFindings.length || view.refused) return
    try {
      await bench.submit()
      announce('The consensus is submitted.')
      await navigate('/worklist')
    } catch (error) {
      toastError(error)
    }
  }
  useKeys({
    'review.takeA': { down: () => void bench.take('a') },
    'review.takeB': { down: () => void bench.take('b') },
    'review.takeC': { down: () => void bench.take('c') },
    'review.takeVote': { down: () => void bench.take('vote') },
    'review.takeStaple': { down: () => void bench.take('staple') },
    'review.edit': { down: () => void edit() },
    'review.next': () => bench.next(),
    'review.difference': { down: () => bench.toggleDifference() },
    'review.return': { down: () => setReturning(true) },
    'review.submit': { down: () => void submit() },
    'review.slice.previous': () => bench.step(-1),
    'review.slice.next': () => bench.step(1),
  })
  useHatch(bench)
  return (
    <div className={classes['screen']}>
      <header className={classes['bar']}>
        <Link className={classes['back']} to="/worklist">
          <Glyph name="left" size={12} /> Worklist
        </Link>
        <h1>{adjudication.subject}</h1>
        <span className="small t2">{sidesOf(adjudication).map((side) => side.toUpperCase()).join(' against ')}, names hidden</span>
        <span className="spread" />
        <Fact label="Mean Dice" value={adjudication.agreement.dice?.toFixed(2) ?? '–'} />
        <Fact label="Levels differ" value={String(adjudication.agreement.levels ?? 0)} />
        <Fact label="Grades differ" value={String(adjudication.agreement.grades ?? 0)} />
        <span className={classes['fact']}>
          Settled <b>{`${settled} of ${adjudication.findings.length}`}</b>
          <Bar share={adjudication.findings.length ? settled / adjudication.findings.length : 1} tone="ok" width={64} label="Settled" />
        </span>
        <Button variant="primary" action="review.submit" reason={view.refused ? 'Not open for writing' : open ? `Submit consensus: ${open} open` : null} reasonPlace="inside" onClick={() => void submit()}>
          Submit consensus
        </Button>
      </header>
      {view.refused && (
        <div className={classes['refused']} role="status">
          <span>{view.refused}</span>
          <Button size="compact" onClick={() => void bench.begin(true)}>
            Take over
          </Button>
        </div>
      )}
      <div className={classes['wrap']}>
        <main className={classes['left']} aria-label="Readings">
          <div className={classes['trio']} style={{ gridTemplateColumns: `repeat(${Math.max(3, view.panes.length)}, minmax(0, 1fr))` }}>
            {view.panes.map((spec) => (
              <Pane key={`${spec.id} ${spec.stack}`} bench={bench} spec={spec} view={view} />
            ))}
          </div>
          <div className={classes['low']}>
            <LevelChains adjudication={adjudication} />
            <GradesTable adjudication={adjudication} forms={forms} />
            <Thread caseId={adjudication.case} onReturn={() => setReturning(true)} />
          </div>
        </main>
        <Disagreements bench={bench} view={view} forms={forms} mayDraw={mayDraw} onEdit={() => void edit()} onReturn={() => setReturning(true)} />
      </div>
      <Strip
        items={[{ text: view.isOpening ? 'Opening' : view.isWriting ? 'Writing' : `${settled} settled`, tone: view.isOpening || view.isWriting ? 'busy' : 'ok', glyph: view.isOpening || view.isWriting ? 'half' : 'check' }, { text: 'AI hidden on this page', glyph: 'layers' }, ...(view.note ? [{ text: <span role="status">{view.note}</span> }] : [])]}
        keys={[['review.takeA', ''], ['review.takeB', ''], ['review.edit', 'take A, B, edit'], ['review.next', 'next'], ['review.difference', 'difference']]}
      />
      <ReturnDialog opened={isReturning} bench={bench} onClose={() => setReturning(false)} />
    </div>
  )
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <span className={classes['fact']}>
      {label} <b>{value}</b>
    </span>
  )
}

function Pane({ bench, spec, view }: { bench: Bench; spec: PaneSpec; view: BenchView }) {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => (host.current ? bench.viewer.mount(spec, host.current) : undefined), [bench, spec])
  const state = view.states.get(spec.id)
  const head = HEADS[spec.id]
  const manifest = view.manifests.find((each) => each.stack === spec.stack)
  const { finding } = bench
  const isOutline = finding?.kind === 'outline' || finding?.kind === 'missing'
  const figure = !isOutline ? '' : spec.id !== 'difference' ? `${(finding.ml[SIDES.findIndex((side) => side === spec.id)] ?? 0).toFixed(1)} ml` : `Dice ${finding.dice.toFixed(2)}${finding.worst_mm === null ? '' : `, worst ${finding.worst_mm.toFixed(1)} mm`}`
  return (
    <section className={classes['view']} aria-label={head?.title ?? spec.id} data-pane={spec.id}>
      <h2 className={classes['head']}>
        {head?.colour ? <i className={classes['swatch']} style={{ borderColor: head.colour }} /> : <Glyph name="layers" size={12} />}
        {head?.title} {spec.id === 'difference' && <ActionKey action="review.difference" />}
        <span className="spread" />
        <span className="t2">{figure}</span>
      </h2>
      <div className={classes['well']}>
        <div ref={host} className={classes['host']} onContextMenu={(event) => event.preventDefault()} />
        <span className={classes['corner']}>
          <b>{manifest?.description ?? manifest?.modality}</b>
          {state && ` · slice ${state.slice + 1} of ${state.count}`}
        </span>
        {state?.letters && (
          <>
            <span className={classes['letter']} data-side="left">
              {state.letters.left}
            </span>
            <span className={classes['letter']} data-side="right">
              {state.letters.right}
            </span>
          </>
        )}
        {spec.id === 'difference' && view.isDifferenceShown && (
          <span className={classes['key']}>
            <span style={{ color: 'var(--reader-a)' }}>▨ only A</span> <span style={{ color: 'var(--reader-b)' }}>▧ only B</span>{' '}
            {view.adjudication.c && <span style={{ color: 'var(--reader-c)' }}>▥ only C </span>}
            {view.adjudication.c ? 'pale: two of three, grey line: all' : 'grey line: both'}
          </span>
        )}
      </div>
    </section>
  )
}

/** What a test may look at: it only reads. */
function useHatch(bench: Bench) {
  useEffect(() => {
    const look = {
      state: () => {
        const { adjudication, at, panes, states, seq, isOpening, isDifferenceShown } = bench.getView()
        return { phase: isOpening ? 'opening' : 'review', finding: bench.finding?.id ?? '', at, picks: adjudication.picks, findings: adjudication.findings.map(({ id }) => id), seq, isDifferenceShown, panes: panes.map((pane) => ({ ...pane, ...states.get(pane.id) })) }
      },
      maskDigest: () => Promise.resolve(''),
      placeOf: () => null,
      drawn: (pane: string) => {
        const canvases = [...document.querySelectorAll<HTMLCanvasElement>(`[data-pane="${pane}"] canvas[data-overlay]`)]
        return canvases.reduce((sum, canvas) => sum + (canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data.filter((value, i) => i % 4 === 3 && value > 0).length ?? 0), 0)
      },
    }
    window.columna = look
    return () => {
      if (window.columna === look) delete window.columna
    }
  }, [bench])
}
