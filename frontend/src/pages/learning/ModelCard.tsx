import type { ModelVersion } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Facts } from '@/components/Facts'
import { shortDigest, when } from '@/components/format'
import { Glyph } from '@/components/Glyph'
import { EmptyState } from '@/components/States'
import { fromCode } from '@/state/words'
import { reportOf, type Report } from '@/state/learning'
import classes from './Learning.module.css'
import { ModelState } from './ModelsCard'

/** One model: what the gate said, structure by structure, and what it was made of. */
export function ModelCard({ model, champion, mayPromote, onPromote }: { model: ModelVersion | null; champion: ModelVersion | null; mayPromote: boolean; onPromote: (model: ModelVersion) => void }) {
  if (!model)
    return (
      <Card title="Model">
        <EmptyState why="Choose a model to see what the gate said of it." />
      </Card>
    )
  const report = reportOf(model.report)
  const inUse = model.id === champion?.id
  return (
    <Card
      title={model.name}
      aside={<ModelState model={model} champion={champion} bare={false} />}
      flush
      footer={
        <>
          <span className="spread">{inUse ? 'Proposes on every new case.' : 'Promoting asks for new proposals of the cases nobody has begun.'}</span>
          {!inUse && (
            <Button action="learning.promote" reason={promoteReason(model, mayPromote)} reasonPlace="inside" onClick={() => onPromote(model)}>
              Promote
            </Button>
          )}
        </>
      }
    >
      <div className={classes['model']}>
        <div>
          <h3>What the gate said</h3>
          <Verdict report={report} builtIn={!model.project} />
          <Facts
            width={104}
            facts={[
              ['Learned from', model.dataset_version || 'phantoms of a synthetic spine'],
              ['Manifest', model.manifest_digest ? <span className="mono">{shortDigest(model.manifest_digest)}</span> : '–'],
              ['Base', model.base_model || '–'],
              ['Weights', <span className="mono">{shortDigest(model.weights_digest)}</span>],
              ['Made', when(model.created_at)],
            ]}
          />
        </div>
        <div>
          <h3>Sealed Dice by structure</h3>
          <Structures report={report} />
        </div>
      </div>
    </Card>
  )
}

export function promoteReason({ state }: ModelVersion, mayPromote: boolean): string | null {
  if (!mayPromote) return 'Data managers promote'
  return state === 'refused' ? 'The gate refused it' : null
}

function Verdict({ report, builtIn }: { report: Report; builtIn: boolean }) {
  if (report.verdict === null) return <p className={classes['verdict']}>{builtIn ? 'Delivered with Columna; measured here when the first model is trained.' : 'Not measured.'}</p>
  const [tone, glyph, words] = {
    pass: ['ok', 'check', 'Passed'] as const,
    refuse: ['bad', 'octagon', 'Refused'] as const,
    insufficient: ['attn', 'triangle', 'Too few sealed patients: a person decides'] as const,
  }[report.verdict]
  return (
    <div className={classes['verdict']}>
      <p className={tone}>
        <Glyph name={glyph} size={12} /> {words}
      </p>
      {report.difference !== null && (
        <p>
          {report.difference >= 0 ? '+' : '−'}
          {Math.abs(report.difference).toFixed(3)} Dice on {report.patients} sealed patients
          {report.interval && `, 95 % CI ${report.interval[0].toFixed(3)} to ${report.interval[1].toFixed(3)}`}
        </p>
      )}
      {report.reasons.map((reason) => (
        <p key={reason}>{reason}</p>
      ))}
    </div>
  )
}

function Structures({ report }: { report: Report }) {
  if (report.structures.length === 0) return <p className="t3 small">No figures yet.</p>
  return (
    <ul className={classes['structures']}>
      {report.structures.map(({ name, before, after }) => (
        <li key={name}>
          <span>{fromCode(name)}</span>
          <span className={classes['dumbbell']} aria-hidden="true">
            {before !== null && <i className={classes['then']} style={{ left: `${before * 100}%` }} />}
            {before !== null && after !== null && <i className={classes['span']} style={{ left: `${Math.min(before, after) * 100}%`, width: `${Math.abs(after - before) * 100}%` }} />}
            {after !== null && <i className={classes['now']} style={{ left: `${after * 100}%` }} />}
          </span>
          <span className={classes['figures']}>
            <span className="t3">{before === null ? '–' : before.toFixed(2)}</span> → {after === null ? '–' : after.toFixed(3)}
          </span>
        </li>
      ))}
    </ul>
  )
}
