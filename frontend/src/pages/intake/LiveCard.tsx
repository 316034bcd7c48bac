import { useState } from 'react'
import type { LiveSeries } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { clock, plural } from '@/components/format'
import { EmptyState, LoadingRows } from '@/components/States'
import { StatePill, type Tone } from '@/components/StatePill'
import { Cell, Row, Table } from '@/components/Table'
import classes from './Intake.module.css'
import { StudyReportDialog } from './StudyReportDialog'

const STATES: Readonly<Record<string, readonly [Tone, string]>> = {
  arriving: ['busy', 'Arriving'],
  frames: ['busy', 'Making frames'],
  ready: ['ok', 'Stored'],
}

/** The series that came last, each as far as it has got. By pseudonym; nothing here is anybody's name. */
export function LiveCard({ series, live, onLive }: { series: readonly LiveSeries[] | undefined; live: boolean; onLive: (live: boolean) => void }) {
  const [reported, setReported] = useState<LiveSeries | null>(null)
  return (
    <Card
      title="Live"
      flush
      grow
      aside={
        <>
          <span className={`row small ${live ? 'ok' : 'idle'}`}>
            <span className={classes['dot']} /> {live ? 'receiving' : 'paused'}
          </span>
          <Button size="compact" action="intake.pause" onClick={() => onLive(!live)}>
            {live ? 'Pause the list' : 'Go on'}
          </Button>
        </>
      }
    >
      {series === undefined && <LoadingRows what="series" rows={4} />}
      {series?.length === 0 && <EmptyState why="Nothing has arrived yet." who="Series appear here while their images are still coming." />}
      {series && series.length > 0 && (
        <Table label="Series, the last received first">
          <colgroup>
            <col width={84} />
            <col width={150} />
            <col />
            <col width={140} />
            <col width={110} />
          </colgroup>
          <tbody>
            {series.map((one) => (
              <Row key={one.series}>
                <Cell>
                  <span className="t3">{one.last_received_at ? clock(one.last_received_at) : '–'}</span>
                </Cell>
                <Cell>
                  <b className={classes['pseudonym']}>{one.pseudonym}</b>
                </Cell>
                <Cell>
                  {[one.modality, one.description].filter(Boolean).join(' ')}, {plural(one.received, 'image')}
                </Cell>
                <Cell>
                  <StatePill tone={STATES[one.state]?.[0] ?? 'idle'} bare>
                    {STATES[one.state]?.[1] ?? one.state}
                  </StatePill>
                </Cell>
                <Cell number>
                  <Button size="compact" variant="quiet" aria-label={`What was done to the study of ${one.pseudonym}`} onClick={() => setReported(one)}>
                    What was done
                  </Button>
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
      {reported && <StudyReportDialog study={reported.study} pseudonym={reported.pseudonym} onClose={() => setReported(null)} />}
    </Card>
  )
}
