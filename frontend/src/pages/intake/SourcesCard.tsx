import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { IntakeSummary, Source } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Spark } from '@/components/charts/Spark'
import { count, when } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { toast, toastError } from '@/components/toast'
import { useMay } from '@/state/account'
import { useSourceChange } from '@/state/intake'
import { SourceDialog } from './SourceDialog'
import classes from './SourceStatus.module.css'
import { SourceStatusDialog } from './SourceStatusDialog'

const WAYS: Record<Source['kind'], string> = { dimse: 'C-STORE', folder: 'Folder', upload: 'Upload', stow: 'STOW-RS', dicomweb: 'DICOMweb' }

/** Who may send. What is not listed here is refused. */
export function SourcesCard({ query, rates, strangers, project }: { query: UseQueryResult<Source[]>; rates: IntakeSummary['sources']; strangers: IntakeSummary['strangers']; project: string }) {
  const may = useMay('source.manage')
  const [adding, setAdding] = useState(false)
  const [shown, setShown] = useState<string | null>(null)
  const change = useSourceChange(project)
  const sources = query.data ?? []
  const turn = (source: Source) =>
    change.mutate(
      { id: source.id, is_active: !source.is_active },
      { onSuccess: (now) => toast(now.is_active ? `${now.name} may send again.` : `${now.name} is refused from now on.`), onError: toastError },
    )
  return (
    <Card
      title="Sources"
      note="images per minute; what is not listed is refused"
      flush
      aside={
        <Button size="compact" glyph="plus" reason={may ? null : 'Data managers add sources'} reasonPlace="inside" onClick={() => setAdding(true)}>
          Add a source
        </Button>
      }
    >
      {query.isPending && <LoadingRows what="sources" rows={2} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && sources.length + strangers.length === 0 && <EmptyState why="No PACS may send yet." who="Add it by its AE title; then its associations are accepted." />}
      {sources.length + strangers.length > 0 && (
        <Table label="Sources">
          <thead>
            <tr>
              <Head>Source</Head>
              <Head>Way in</Head>
              <Head>AE title</Head>
              <Head>Modalities</Head>
              <Head>Last hour</Head>
              <Head number>Rate</Head>
              <Head>State</Head>
              <Head />
            </tr>
          </thead>
          <tbody>
            {sources.map((source) => (
              <Row key={source.id}>
                <Cell>
                  <button type="button" className={classes['name']} title="How it is doing" onClick={() => setShown(source.id)}>
                    {source.name}
                  </button>
                </Cell>
                <Cell>
                  <span className="t2">{WAYS[source.kind]}</span>
                </Cell>
                <Cell>{source.ae_title ? <span className="mono">{source.ae_title}</span> : <span className="t3">–</span>}</Cell>
                <Cell>
                  <span className="t2" title={source.addresses.join(', ') || 'from any address'}>
                    {source.modalities.length > 0 ? source.modalities.join(', ') : 'all'}
                  </span>
                </Cell>
                <Rate rate={rates.find(({ id }) => id === source.id)} />
                <Cell>
                  <SourceState source={source} rate={rates.find(({ id }) => id === source.id)} />
                </Cell>
                <Cell number>
                  {may && (
                    <Button size="compact" variant="quiet" aria-label={`${source.is_active ? 'Refuse' : 'Let in'} ${source.name}`} onClick={() => turn(source)}>
                      {source.is_active ? 'Refuse' : 'Let in'}
                    </Button>
                  )}
                </Cell>
              </Row>
            ))}
            {strangers.map(({ ae_title, refused_at }) => (
              <Row key={ae_title}>
                <Cell>
                  <span className="t2">Unknown sender</span>
                </Cell>
                <Cell>
                  <span className="t2">{WAYS.dimse}</span>
                </Cell>
                <Cell>
                  <span className="mono">{ae_title}</span>
                </Cell>
                <Cell>
                  <span className="t3">none</span>
                </Cell>
                <Rate rate={undefined} />
                <Cell>
                  <StatePill tone="bad" bare>
                    {`Refused, ${when(refused_at)}`}
                  </StatePill>
                </Cell>
                <Cell />
              </Row>
            ))}
          </tbody>
        </Table>
      )}
      {sources
        .filter(({ id }) => id === shown)
        .map((source) => (
          <SourceStatusDialog key={source.id} source={source} project={project} onClose={() => setShown(null)} />
        ))}
      {adding && <SourceDialog project={project} onClose={() => setAdding(false)} />}
    </Card>
  )
}

function Rate({ rate }: { rate: IntakeSummary['sources'][number] | undefined }) {
  return (
    <>
      <Cell>
        <Spark values={rate?.per_minute ?? []} />
      </Cell>
      <Cell number>{count(rate?.now ?? 0)}</Cell>
    </>
  )
}

function SourceState({ source, rate }: { source: Source; rate: IntakeSummary['sources'][number] | undefined }) {
  if (!source.is_active)
    return (
      <StatePill tone="bad" bare>
        Refused
      </StatePill>
    )
  if (rate && rate.now > 0)
    return (
      <StatePill tone="ok" bare>
        Receiving
      </StatePill>
    )
  return (
    <StatePill tone="idle" bare>
      {rate?.last_received_at ? `Idle since ${when(rate.last_received_at)}` : 'Has sent nothing'}
    </StatePill>
  )
}
