import type { UseQueryResult } from '@tanstack/react-query'
import type { ModelVersion, TrainingRun } from '@/api/types'
import { Bar } from '@/components/Bar'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Spark } from '@/components/charts/Spark'
import { duration, percent, when } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { toast, toastError } from '@/components/toast'
import { isUnderWay, reportOf, useJobCancel } from '@/state/learning'
import { fromCode } from '@/state/words'
import classes from './Learning.module.css'

export interface RunsCardProps {
  query: UseQueryResult<TrainingRun[]>
  models: readonly ModelVersion[]
  project: string
  mayTrain: boolean
  blocked: string | null
  onTrain: () => void
}

/** The run under way with its progress in words, and those before it. */
export function RunsCard({ query, models, project, mayTrain, blocked, onTrain }: RunsCardProps) {
  const runs = query.data ?? []
  const now = runs.find(isUnderWay)
  const past = runs.filter((run) => run !== now)
  return (
    <Card title="Training runs" note="the sealed patients are measured at the end of each" flush>
      {query.isPending && <LoadingRows what="training runs" rows={3} />}
      {query.error && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <EmptyState why="No model was trained in this project yet." who={blocked ?? 'What readers submitted is frozen first; then a model learns from it.'}>
          {mayTrain && blocked === null && <Button onClick={onTrain}>Retrain</Button>}
        </EmptyState>
      )}
      {now && <RunNow run={now} project={project} mayTrain={mayTrain} />}
      {past.length > 0 && (
        <Table label="Past training runs">
          <thead>
            <tr>
              <Head>Begun</Head>
              <Head>Learned from</Head>
              <Head>Loss</Head>
              <Head number>Took</Head>
              <Head>Came to</Head>
            </tr>
          </thead>
          <tbody>
            {past.map((run) => (
              <Row key={run.id}>
                <Cell>{when(run.created_at)}</Cell>
                <Cell>
                  <span className="t2">{run.dataset_version || '–'}</span>
                </Cell>
                <Cell>
                  <Spark values={reportOf(run.report).loss} tone="model" />
                </Cell>
                <Cell number>{tookOf(run)}</Cell>
                <Cell wrap>
                  <Outcome run={run} models={models} />
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  )
}

function RunNow({ run, project, mayTrain }: { run: TrainingRun; project: string; mayTrain: boolean }) {
  const cancel = useJobCancel(project)
  const stop = () => run.job && cancel.mutate(run.job, { onSuccess: () => toast('Training stopped.', 'Nothing was changed; retrain at any time.'), onError: toastError })
  return (
    <div className={classes['now-run']}>
      <div className="row">
        <StatePill tone="busy">{run.state === 'queued' ? 'Waits for a worker' : 'Training'}</StatePill>
        <span className="small t2">{run.note || 'begun ' + when(run.created_at)}</span>
        <span className="spread" />
        <b>{percent(run.progress)}</b>
        {mayTrain && (
          <Button size="compact" variant="quiet" busy={cancel.isPending && 'Stopping'} onClick={stop}>
            Stop
          </Button>
        )}
      </div>
      <Bar share={run.progress} tone="accent" width="100%" label="Training" />
      <p className="small t3">
        From {run.base_model}; {run.dataset_version ? `on ${run.dataset_version}` : 'what was submitted is being frozen'}. You can leave this page.
      </p>
    </div>
  )
}

function tookOf(run: TrainingRun): string {
  const { seconds } = reportOf(run.report)
  return seconds === null ? '–' : duration(seconds)
}

function Outcome({ run, models }: { run: TrainingRun; models: readonly ModelVersion[] }) {
  if (run.state === 'succeeded') {
    const { dice } = reportOf(run.report)
    return (
      <StatePill tone="ok" bare>
        {models.find(({ id }) => id === run.model)?.name ?? 'A model'}
        {dice === null ? '' : `, ${dice.toFixed(3)}`}
      </StatePill>
    )
  }
  return (
    <>
      <StatePill tone={run.state === 'failed' ? 'bad' : 'idle'} bare>
        {fromCode(run.state)}
      </StatePill>
      {run.error && <p className="small t2">{run.error}</p>}
    </>
  )
}
