import type { ModelVersion } from '@/api/types'
import { Card } from '@/components/Card'
import { LineChart, type LinePoint } from '@/components/charts/LineChart'
import { EmptyState } from '@/components/States'
import { championOf, reportOf } from '@/state/learning'
import classes from './Learning.module.css'

/** The one number that counts, model by model: Dice on patients that never trained. */
export function DiceCard({ models }: { models: readonly ModelVersion[] }) {
  const { points, names } = pointsOf(models)
  const champion = championOf(models)
  const first = points[0]
  const now = names.indexOf(champion?.name ?? '')
  const gain = first && now > 0 ? (points[now]?.y ?? 0) - first.y : 0
  return (
    <Card title="Sealed-test Dice, model by model" note="mean over structures and patients; refused ones hollow">
      {points.length < 2 ? (
        models.some(({ project }) => project) ? (
          <EmptyState why="No model was measured on sealed patients yet." who="A sealed patient needs a submitted reading to measure against. Read sealed cases, then retrain." />
        ) : (
          <EmptyState why="No model was trained in this project yet." who="Retrain once readings are submitted: the new model is measured on sealed patients, beside the one it came from." />
        )
      ) : (
        <div className={classes['chart']}>
          <LineChart
            label="Sealed-test Dice by model"
            xLabel="model"
            lines={[{ name: names.at(-1) ?? '', kind: 'model', points }]}
            xTicks={names.map((label, x) => ({ x, label }))}
            height={260}
            formatEnd={(y) => y.toFixed(3)}
            {...(gain > 0 ? { finding: { title: `+${gain.toFixed(2)} Dice`, text: `${champion?.name ?? ''} over ${names[0] ?? ''}, same sealed patients` } } : {})}
          />
        </div>
      )}
    </Card>
  )
}

/** One point per trained model in order of making; the first is what the first one came from. */
export function pointsOf(models: readonly ModelVersion[]): { points: LinePoint[]; names: string[] } {
  const trained = [...models].filter((model) => reportOf(model.report).dice !== null).sort((a, b) => a.created_at.localeCompare(b.created_at))
  const names: string[] = []
  const points: LinePoint[] = []
  const start = trained[0]
  const before = reportOf(start?.report).before
  if (start && before !== null) {
    names.push(start.base_model ?? 'before')
    points.push({ x: 0, y: before })
  }
  for (const model of trained) {
    const report = reportOf(model.report)
    points.push({ x: points.length, y: report.dice ?? 0, refused: model.state === 'refused', ...bandOf(report) })
    names.push(model.name)
  }
  return { points, names }
}

/** The interval is of the difference; laid around the mean before it gives the band after. */
function bandOf({ before, interval }: ReturnType<typeof reportOf>): Pick<LinePoint, 'low' | 'high'> {
  return before === null || interval === null ? {} : { low: before + interval[0], high: before + interval[1] }
}
