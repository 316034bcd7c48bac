import { useMemo, useState } from 'react'
import { noticeOf } from '@/api/notice'
import type { ModelVersion, TrainingRun } from '@/api/types'
import { Button } from '@/components/Button'
import { Figures, type Figure } from '@/components/Figures'
import { count, duration, percent, plural, when } from '@/components/format'
import { Page } from '@/components/shell/Page'
import { ErrorState, LoadingRows, RefusedState } from '@/components/States'
import { useSelection } from '@/components/useSelection'
import { useKeys } from '@/keys/useKeys'
import { useMay, useProject } from '@/state/account'
import { isDone, useCases } from '@/state/case'
import { championOf, isUnderWay, reportOf, useTrainingRuns } from '@/state/learning'
import { useModels } from '@/state/sureness'
import { DiceCard } from './DiceCard'
import classes from './Learning.module.css'
import { ModelCard } from './ModelCard'
import { ModelsCard } from './ModelsCard'
import { PromoteDialog } from './PromoteDialog'
import { RunsCard } from './RunsCard'
import { TrainDialog } from './TrainDialog'

export function Learning() {
  const { project } = useProject()
  const slug = project?.slug ?? ''
  const mayView = useMay('model.view')
  const mayTrain = useMay('model.train')
  const mayPromote = useMay('model.promote')
  const models = useModels(slug, mayView)
  const runs = useTrainingRuns(slug, mayView)
  const { data: cases } = useCases(useMay('image.view') ? slug : '')
  const [training, setTraining] = useState(false)
  const [promoting, setPromoting] = useState<ModelVersion | null>(null)
  const list = useMemo(() => models.data ?? [], [models.data])
  const ids = useMemo(() => list.map(({ id }) => id), [list])
  const { selected, select } = useSelection(ids, !training && !promoting)
  const shown = list.find(({ id }) => id === selected) ?? null
  const champion = championOf(list)
  const run = runs.data?.find(isUnderWay) ?? null
  const submitted = cases?.results.filter(isDone).length
  const blocked = mayTrain ? (run ? underWay(run) : submitted === 0 ? 'No reading is submitted yet' : null) : 'Data managers train models'
  const promotable = shown && shown.id !== champion?.id && shown.state !== 'refused' && mayPromote
  useKeys({ 'learning.train': () => blocked === null && setTraining(true), 'learning.promote': () => promotable && setPromoting(shown) }, mayView)

  if (!mayView)
    return (
      <Page title="Learning">
        <RefusedState what="Models are not shown to your roles in this project." who="A data manager of the project can give you one that sees them." />
      </Page>
    )
  return (
    <Page
      title="Learning"
      fill
      summary={champion ? summaryOf(champion, run) : 'No model proposes yet'}
      actions={
        <Button variant="primary" size="large" action="learning.train" reason={blocked} onClick={() => setTraining(true)}>
          Retrain
        </Button>
      }
      strip={[
        models.error ? { text: noticeOf(models.error).what, glyph: 'triangle', tone: 'attn' } : run ? { text: underWay(run), glyph: 'half', tone: 'busy' } : { text: 'No training under way', glyph: 'check', tone: 'ok' },
        { text: champion ? `${champion.name} in use` : 'no model in use', glyph: 'layers' },
        ...(submitted === undefined ? [] : [{ text: `pool ${count(cases?.count ?? 0)} · submitted ${count(submitted)}` }]),
        { text: 'sealed patients never train', glyph: 'lock' as const },
      ]}
      keys={['list.next', 'list.previous', ['learning.promote', 'promote'], ['learning.train', 'retrain']]}
    >
      {models.isPending && <LoadingRows what="models" rows={8} />}
      {models.error && list.length === 0 && <ErrorState error={models.error} onRetry={() => void models.refetch()} />}
      {models.data && (
        <>
          <Figures label="The model in use" figures={figuresOf(champion, list, runs.data ?? [], cases?.results.length, submitted)} />
          <div className={classes['upper']}>
            <DiceCard models={list} />
            <ModelsCard models={list} champion={champion} selected={selected} onSelect={select} />
          </div>
          <div className={classes['lower']}>
            <RunsCard query={runs} models={list} project={slug} mayTrain={mayTrain} onTrain={() => setTraining(true)} blocked={blocked} />
            <ModelCard model={shown} champion={champion} mayPromote={mayPromote} onPromote={setPromoting} />
          </div>
        </>
      )}
      {training && <TrainDialog project={slug} champion={champion} onClose={() => setTraining(false)} />}
      {promoting && <PromoteDialog project={slug} model={promoting} champion={champion} onClose={() => setPromoting(null)} />}
    </Page>
  )
}

function underWay(run: TrainingRun): string {
  return run.state === 'queued' ? 'A training run waits for a worker' : `Training, ${percent(run.progress)}`
}

function summaryOf(champion: ModelVersion, run: TrainingRun | null): string {
  const since = champion.promoted_at ? ` since ${when(champion.promoted_at)}` : ''
  const now = run ? `A new one is being trained: ${run.note || run.state}.` : 'Its proposals lie over every new case.'
  return `${champion.name} proposes${since}. ${now}`
}

function figuresOf(champion: ModelVersion | null, models: readonly ModelVersion[], runs: readonly TrainingRun[], pool: number | undefined, submitted: number | undefined): Figure[] {
  const report = reportOf(champion?.report)
  const before = report.difference === null ? null : `${report.difference >= 0 ? '+' : '−'}${Math.abs(report.difference).toFixed(3)}`
  const last = runs.find(({ state }) => state === 'succeeded')
  const lastReport = reportOf(last?.report)
  return [
    {
      label: report.patients > 0 ? `Sealed-test Dice, ${plural(report.patients, 'patient')}` : 'Sealed-test Dice',
      glyph: 'lock',
      value: report.dice === null ? '–' : report.dice.toFixed(3),
      note: before ? (
        <>
          <span className={report.difference !== null && report.difference >= 0 ? 'ok' : 'bad'}>{before}</span> on {champion?.base_model ?? 'what it came from'}
        </>
      ) : (
        'measured when a model is trained here'
      ),
    },
    { label: 'Learned from', value: report.learnedFrom > 0 ? count(report.learnedFrom) : '–', note: report.learnedFrom > 0 ? `${report.learnedFrom === 1 ? 'patient' : 'patients'}, ${champion?.dataset_version ? 'a frozen version' : ''}` : 'phantoms only' },
    { label: 'Submitted readings', value: submitted === undefined ? '–' : count(submitted), note: pool === undefined ? undefined : `of ${plural(pool, 'case')}` },
    { label: 'Models', value: count(models.length), note: `${count(models.filter(({ state }) => state === 'refused').length)} refused by the gate` },
    { label: 'Last training', value: lastReport.seconds === null ? '–' : duration(lastReport.seconds), note: last ? when(last.created_at) : 'none yet' },
  ]
}
