import type { ModelVersion } from '@/api/types'
import { Card } from '@/components/Card'
import { StatePill, type Tone } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { reportOf } from '@/state/learning'
import classes from './Learning.module.css'

const STATES: Record<ModelVersion['state'], readonly [Tone, string]> = {
  candidate: ['attn', 'Waits for a decision'],
  champion: ['ok', 'In use'],
  refused: ['bad', 'Refused'],
  retired: ['idle', 'Retired'],
}

export function ModelState({ model, champion, bare = true }: { model: ModelVersion; champion: ModelVersion | null; bare?: boolean }) {
  // the built-in champion rests where the project has a champion of its own
  const [tone, word] = model.state === 'champion' && model.id !== champion?.id ? (['idle', 'At rest'] as const) : STATES[model.state]
  return (
    <StatePill tone={tone} bare={bare}>
      {word}
    </StatePill>
  )
}

export function ModelsCard({ models, champion, selected, onSelect }: { models: readonly ModelVersion[]; champion: ModelVersion | null; selected: string | null; onSelect: (id: string) => void }) {
  return (
    <Card
      title="Models"
      note="each trains on a frozen version"
      flush
      footer="The gate refuses a model whose Dice fell: overall by more than 0.005, a structure by 0.02, a patient by 0.10."
    >
      <Table label="Models, newest first">
        <thead>
          <tr>
            <Head>Model</Head>
            <Head number>Patients</Head>
            <Head number>Sealed Dice</Head>
            <Head>State</Head>
          </tr>
        </thead>
        <tbody>
          {models.map((model) => {
            const { dice, learnedFrom } = reportOf(model.report)
            return (
              <Row key={model.id} data-row={model.id} selected={model.id === selected} onSelect={() => onSelect(model.id)}>
                <Cell>
                  <button type="button" className={classes['name']} onClick={() => onSelect(model.id)}>
                    {model.name}
                  </button>
                  {!model.project && <span className="t3"> built in</span>}
                </Cell>
                <Cell number>{learnedFrom > 0 ? learnedFrom : <span className="t3">–</span>}</Cell>
                <Cell number>{dice === null ? <span className="t3">–</span> : dice.toFixed(3)}</Cell>
                <Cell>
                  <ModelState model={model} champion={champion} />
                </Cell>
              </Row>
            )
          })}
        </tbody>
      </Table>
    </Card>
  )
}
