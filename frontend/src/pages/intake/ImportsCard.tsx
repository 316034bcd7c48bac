import type { UseQueryResult } from '@tanstack/react-query'
import type { ImportBatch } from '@/api/types'
import { Button } from '@/components/Button'
import { Bar } from '@/components/Bar'
import { Card } from '@/components/Card'
import { bytes, clock, count } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import classes from './Intake.module.css'

export interface ImportsCardProps {
  query: UseQueryResult
  batches: readonly ImportBatch[]
  selected: string | null
  onSelect: (id: string) => void
  mayImport: boolean
  onImport: () => void
}

export function ImportsCard({ query, batches, selected, onSelect, mayImport, onImport }: ImportsCardProps) {
  return (
    <Card
      title="Imports"
      note="newest first"
      flush
    >
      {query.isPending && <LoadingRows what="imports" />}
      {query.isError && batches.length === 0 && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && batches.length === 0 && (
        <EmptyState why="Nothing has come in yet." who="A PACS can send to the DICOM listener, or a data manager imports a folder or an archive.">
          {mayImport && <Button onClick={onImport}>Import</Button>}
        </EmptyState>
      )}
      {batches.length > 0 && (
        <Table label="Imports, newest first">
          <thead>
            <tr>
              <Head>Begun</Head>
              <Head>From</Head>
              <Head number>Images</Head>
              <Head number>Stored</Head>
              <Head number>Known</Head>
              <Head number>Not taken</Head>
              <Head number>Size</Head>
              <Head>State</Head>
            </tr>
          </thead>
          <tbody>
            {batches.map((batch) => (
              <Row key={batch.id} data-row={batch.id} selected={batch.id === selected} onSelect={() => onSelect(batch.id)}>
                <Cell>
                  <button type="button" className={classes['begun']} aria-label={`${clock(batch.created_at)}: show what was found in this import`} onClick={() => onSelect(batch.id)}>
                    {clock(batch.created_at)}
                  </button>
                </Cell>
                <Cell>{batch.source_name || 'Removed source'}</Cell>
                <Cell number>{count(batch.received)}</Cell>
                <Cell number>{count(batch.stored)}</Cell>
                <Cell number>{dashed(batch.duplicate)}</Cell>
                <Cell number>{dashed(batch.refused)}</Cell>
                <Cell number>{bytes(batch.received_bytes)}</Cell>
                <Cell>
                  <BatchState batch={batch} />
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  )
}

const dashed = (value: number) => (value === 0 ? <span className="t3">–</span> : count(value))

export function BatchState({ batch }: { batch: ImportBatch }) {
  if (batch.state === 'failed')
    return (
      <StatePill tone="bad" bare>
        Failed
      </StatePill>
    )
  if (batch.state === 'running')
    return (
      <span className="row">
        <StatePill tone="busy" bare>
          {batch.total ? `${count(batch.received)} of ${count(batch.total)}` : `${count(batch.received)}, receiving`}
        </StatePill>
        {batch.total ? <Bar share={batch.received / batch.total} width={48} tone="accent" /> : null}
      </span>
    )
  if (batch.quarantined > 0)
    return (
      <StatePill tone="held" bare>
        {count(batch.quarantined)} held
      </StatePill>
    )
  if (batch.refused > 0)
    return (
      <StatePill tone="attn" bare>
        {count(batch.refused)} not taken
      </StatePill>
    )
  return (
    <StatePill tone="ok" bare>
      {batch.stored === 0 && batch.duplicate > 0 ? 'Known already' : 'Stored'}
    </StatePill>
  )
}
