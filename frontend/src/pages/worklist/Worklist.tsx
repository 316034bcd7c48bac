import { useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import type { Case } from '@/api/types'
import { Bar } from '@/components/Bar'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Choice } from '@/components/Choice'
import { FilterBox } from '@/components/FilterBox'
import { count, plural } from '@/components/format'
import { Segmented } from '@/components/Segmented'
import { announce } from '@/components/shell/live'
import { Page } from '@/components/shell/Page'
import { EmptyState, ErrorState, LoadingRows, RefusedState } from '@/components/States'
import { toast, toastError } from '@/components/toast'
import { useSelection } from '@/components/useSelection'
import { useKeys } from '@/keys/useKeys'
import { useMay, useProject } from '@/state/account'
import { isBegun, isDone, isToDo, useCaseNext, useCases } from '@/state/case'
import { useModels, useSkipped, useSureness } from '@/state/sureness'
import { CaseTable } from './CaseTable'
import { modalitiesOf, ORDERS, shown, TABS, type Order, type Tab } from './filters'
import { NextCard } from './NextCard'
import classes from './Worklist.module.css'

export function Worklist() {
  const { project } = useProject()
  const slug = project?.slug ?? ''
  const mayLabel = useMay('case.label')
  const mayView = useMay('image.view')
  const { data: page, isPending, isError, error, refetch } = useCases(mayView ? slug : '')
  const [tab, setTab] = useState<Tab>('todo')
  const [modality, setModality] = useState('all')
  const [order, setOrder] = useState<Order>('queue')
  const [filter, setFilter] = useState('')
  const cases = useMemo(() => page?.results ?? [], [page])
  const sureness = useSureness(slug, cases)
  const skipped = useSkipped(slug, useMay('case.manage'))
  const { data: models } = useModels(slug, useMay('model.view') && cases.some(({ proposal_revision }) => proposal_revision !== null))
  const rows = useMemo(() => shown(cases, sureness, { tab, modality, order, filter }), [cases, sureness, tab, modality, order, filter])
  const ids = useMemo(() => rows.map(({ id }) => id), [rows])
  const { selected, select } = useSelection(ids)
  const start = useStart(slug)
  const navigate = useNavigate()
  const clear = () => {
    setFilter('')
    setModality('all')
  }
  const mayReview = useMay('case.review')
  const open = (id: string) => {
    const item = cases.find((each) => each.id === id)
    void navigate(mayReview && item?.state === 'review' ? `/review/${id}` : `/read/${id}`)
  }
  useKeys({ ...(mayLabel ? { 'worklist.start': start.go } : {}), 'worklist.open': () => selected && open(selected) }, mayView)

  if (!mayView)
    return (
      <Page title="Worklist">
        <RefusedState what="The worklist shows images, which your roles here do not." who="Radiologists, adjudicators and data managers see it; a data manager gives roles." />
      </Page>
    )
  const todo = cases.filter(isToDo).length
  const arriving = cases.filter(({ arrival }) => arrival.state === 'arriving').length
  const done = cases.filter(isDone).length
  const champion = models?.find(({ state, project: own }) => state === 'champion' && own) ?? models?.find(({ state }) => state === 'champion')
  return (
    <Page
      title="Worklist"
      fill
      summary={page && (todo > 0 ? `${plural(todo, 'case')} left in ${project?.name ?? ''}` : 'No case left')}
      actions={
        <>
          {page && cases.length > 0 && (
            <span className={classes['done']}>
              <Bar share={done / cases.length} tone="accent" width={124} label="Done" />
              {count(done)} of {count(cases.length)} done
            </span>
          )}
          <Button variant="primary" size="large" action="worklist.start" busy={start.busy && 'Opening'} reason={mayLabel ? null : 'Radiologists and adjudicators label'} onClick={start.go}>
            Start next case
          </Button>
        </>
      }
      strip={[
        isError ? { text: 'Columna does not answer; trying again', glyph: 'triangle', tone: 'attn' } : { text: 'Up to date', glyph: 'check', tone: 'ok' },
        ...(arriving > 0 ? [{ text: `${plural(arriving, 'study', 'studies')} still arriving`, glyph: 'half', tone: 'busy' } as const] : []),
        { text: champion ? `Model ${champion.name}` : 'No model proposes yet', glyph: 'layers' },
        { text: plural(cases.filter(isBegun).length, 'case') + ' begun by you', glyph: 'half' },
      ]}
      keys={['list.next', 'list.previous', ['worklist.open', 'open'], 'list.filter']}
    >
      <div className={classes['bar']}>
        <Segmented label="Which cases" segments={TABS.map(({ value, label, has }) => ({ value, label, count: page ? cases.filter(has).length : undefined }))} value={tab} onChange={setTab} />
        <Choice label="Modality" value={modality} onChange={setModality} options={[{ value: 'all', label: 'all' }, ...modalitiesOf(cases).map((one) => ({ value: one, label: one }))]} />
        <span className="spread" />
        <Choice label="Order" value={order} onChange={setOrder} options={ORDERS} />
        <FilterBox label="Filter cases" value={filter} onChange={setFilter} />
      </div>
      <div className={classes['grid']}>
        <Card title={TABS.find(({ value }) => value === tab)?.label ?? ''} note={page && plural(rows.length, 'case')} flush>
          {isPending && <LoadingRows what="cases" rows={8} />}
          {isError && !page && <ErrorState error={error} onRetry={() => void refetch()} />}
          {page && rows.length === 0 && <Empty cases={cases} filtered={filter !== '' || modality !== 'all'} tab={tab} onClear={clear} />}
          {rows.length > 0 && <CaseTable rows={rows} sureness={sureness} skipped={skipped} selected={selected} onSelect={select} />}
        </Card>
        <NextCard item={rows.find(({ id }) => id === selected) ?? null} sureness={selected === null ? undefined : sureness.get(selected)} first={selected === ids[0]} mayLabel={mayLabel} />
      </div>
    </Page>
  )
}

/** Lease the best case and go to it; where there is none, say why. */
function useStart(project: string) {
  const next = useCaseNext()
  const navigate = useNavigate()
  const go = () => {
    if (project === '' || next.isPending) return
    announce('Opening the next case.')
    next.mutate(project, {
      onSuccess: ({ case: found, waiting }) => {
        if (found) void navigate(`/read/${found.id}`)
        else toast('No case to read now.', waiting ? `${count(waiting.submitted)} of ${count(waiting.total)} are submitted; ${count(waiting.held)} are open with others.` : '')
      },
      onError: toastError,
    })
  }
  return { go, busy: next.isPending }
}

function Empty({ cases, filtered, tab, onClear }: { cases: readonly Case[]; filtered: boolean; tab: Tab; onClear: () => void }) {
  if (filtered)
    return (
      <EmptyState why="No case fits this filter.">
        <Button onClick={onClear}>Show all</Button>
      </EmptyState>
    )
  if (cases.length === 0) return <EmptyState why="No study has arrived in this project yet." who="A PACS sends to the DICOM listener, or a data manager imports a folder on the intake page. Cases appear here by themselves." />
  if (tab === 'mine') return <EmptyState why="You have begun no case." who="Start the next one; what you begin waits here until you submit it." />
  if (tab === 'done') return <EmptyState why="Nothing is submitted yet." />
  return <EmptyState why="No case left." who="Every case is submitted or open with someone else. New studies appear here as they arrive." />
}
