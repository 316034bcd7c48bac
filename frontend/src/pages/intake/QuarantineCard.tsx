import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { QuarantineItem } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { bytes, plural, when } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows, RefusedState } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { fromCode } from '@/state/words'
import { QuarantineDialog } from './QuarantineDialog'

/** What is held back, by reason. Shows where the doubt lies and never what was found there. */
export function QuarantineCard({ query, may }: { query: UseQueryResult<{ count: number; results: QuarantineItem[] }>; may: boolean }) {
  const items = query.data?.results ?? []
  const [open, setOpen] = useState<QuarantineItem | null>(null)
  return (
    <Card title="Quarantine" note={query.data ? `${plural(query.data.count, 'item')}, encrypted` : undefined} flush>
      {!may && <RefusedState what="What is held back is shown to data managers and privacy officers." who="Its number is on the left." />}
      {may && query.isPending && <LoadingRows what="quarantine" rows={3} />}
      {may && query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {may && query.isSuccess && items.length === 0 && <EmptyState why="Nothing is held back." who="What is doubtful is kept here, encrypted, until a person decides." />}
      {may && items.length > 0 && (
        <Table label="Quarantine, newest first">
          <thead>
            <tr>
              <Head>Why held</Head>
              <Head>Where</Head>
              <Head>Found</Head>
              <Head>Since</Head>
              <Head>State</Head>
              <Head />
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Row key={item.id}>
                <Cell wrap>
                  <span title={item.message}>{fromCode(item.reason)}</span>
                </Cell>
                <Cell>
                  <span className="t2">
                    {item.modality} {item.elements.length > 0 && <span className="mono">{item.elements
                          .slice(0, 2)
                          .map(({ tag }) => tag)
                          .join(', ')}</span>} {bytes(item.size)}
                  </span>
                </Cell>
                <Cell>
                  <span className="t2">{item.elements[0]?.finding ?? '• • • • •'}</span>
                </Cell>
                <Cell>
                  <span className="t3">{when(item.created_at)}</span>
                </Cell>
                <Cell>
                  <StatePill tone={item.state === 'held' ? 'held' : item.state === 'proposed' ? 'busy' : 'ok'} bare>
                    {fromCode(item.state)}
                  </StatePill>
                </Cell>
                <Cell number>
                  <Button size="compact" aria-label={`Decide about ${fromCode(item.reason)}, held since ${when(item.created_at)}`} onClick={() => setOpen(item)}>
                    Decide
                  </Button>
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
      {open && <QuarantineDialog item={open} onClose={() => setOpen(null)} />}
    </Card>
  )
}
