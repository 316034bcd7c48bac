import type { ImportDetail, ImportFinding } from '@/api/types'
import { Bar } from '@/components/Bar'
import { Card } from '@/components/Card'
import { count, duration, plural, when } from '@/components/format'
import { Glyph, type GlyphName } from '@/components/Glyph'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { useImport } from '@/state/intake'
import { fromCode } from '@/state/words'
import { BatchState } from './ImportsCard'
import classes from './Intake.module.css'

/** What was found in one import: each reason by name, how often, and what it means. Never a file's name. */
export function FindingsCard({ id }: { id: string | null }) {
  const { data: batch, isPending, error, refetch } = useImport(id)
  return (
    <Card title="What was found" note={batch && `import of ${when(batch.created_at)}`} aside={batch && <BatchState batch={batch} />} flush grow>
      {id === null && <EmptyState why="Choose an import to see what was found in it." />}
      {id !== null && isPending && <LoadingRows what="findings" rows={3} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {batch && <Found batch={batch} />}
    </Card>
  )
}

function Found({ batch }: { batch: ImportDetail }) {
  const whole = batch.total ?? batch.received
  const seconds = (new Date(batch.finished_at ?? batch.last_received_at ?? batch.created_at).getTime() - new Date(batch.created_at).getTime()) / 1000
  return (
    <>
      {batch.state === 'running' && whole > 0 && (
        <div className={classes['progress']}>
          <Bar share={batch.received / whole} tone="accent" label="Received" />
        </div>
      )}
      <p className={classes['figures']}>
        <span>
          <b>{count(batch.stored)}</b> stored
        </span>
        <span>
          <b>{count(batch.duplicate)}</b> known already
        </span>
        <span>
          <b>{count(batch.refused)}</b> not taken
        </span>
        <span>
          <b>{count(batch.quarantined)}</b> held
        </span>
        {seconds >= 1 && batch.state === 'done' && (
          <span>
            {duration(seconds)}
            {batch.received >= seconds && `, ${count(Math.round(batch.received / seconds))} images a second`}
          </span>
        )}
      </p>
      <ul className={classes['findings']}>
        {batch.findings.map((finding) => (
          <Finding key={finding.code} finding={finding} />
        ))}
      </ul>
      {batch.findings.length === 0 && batch.state !== 'running' && <EmptyState why="Nothing to remark." who="Every image was parsed, de-identified, stored and acknowledged." />}
    </>
  )
}

const TONES: Readonly<Record<string, { glyph: GlyphName; tone: string }>> = {
  refused: { glyph: 'octagon', tone: 'bad' },
  quarantined: { glyph: 'lock', tone: 'held' },
  noted: { glyph: 'triangle', tone: 'attn' },
  ignored: { glyph: 'ring', tone: 'info' },
}

function Finding({ finding }: { finding: ImportFinding }) {
  const { glyph, tone } = TONES[finding.severity] ?? { glyph: 'triangle' as const, tone: 'attn' }
  const shown = finding.where.slice(0, 6).join(', ')
  return (
    <li className={classes['finding']}>
      <span className={tone}>
        <Glyph name={glyph} size={12} />
      </span>
      <span className={classes['findingName']}>{fromCode(finding.code)}</span>
      <b>{plural(finding.count, 'file')}</b>
      <p className="t2">{finding.message}</p>
      {shown && (
        <p className="t3">
          in order of arrival: {shown}
          {finding.count > 6 ? ' …' : ''}
        </p>
      )}
    </li>
  )
}
