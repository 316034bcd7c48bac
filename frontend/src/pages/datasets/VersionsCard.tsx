import type { UseQueryResult } from '@tanstack/react-query'
import type { Version } from '@/api/types'
import { Bar } from '@/components/Bar'
import { Card } from '@/components/Card'
import { percent, plural, when } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { StatePill, type Tone } from '@/components/StatePill'
import classes from './Datasets.module.css'

const STATES: Record<Version['state'], readonly [Tone, string]> = {
  building: ['busy', 'Being written'],
  refused: ['bad', 'Refused'],
  frozen: ['attn', 'Waits for a second person'],
  released: ['ok', 'Released'],
  rejected: ['bad', 'Not released'],
  yanked: ['held', 'Withdrawn'],
}

export function VersionState({ version, bare = true }: { version: Version; bare?: boolean }) {
  const [tone, word] = STATES[version.state]
  return (
    <StatePill tone={tone} bare={bare}>
      {word}
    </StatePill>
  )
}

/** The versions of a dataset as a line of time, newest on top. */
export function VersionsCard({ query, selected, onSelect }: { query: UseQueryResult<Version[]>; selected: string | null; onSelect: (id: string) => void }) {
  const versions = query.data ?? []
  return (
    <Card title="Versions" flush grow>
      {query.isPending && <LoadingRows what="versions" rows={3} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess && versions.length === 0 && <EmptyState why="No version yet." who="A version freezes the readings that are submitted now." />}
      <ol className={classes['versions']}>
        {versions.map((version) => (
          <li key={version.id} data-row={version.id}>
            <button type="button" className={classes['version']} data-selected={version.id === selected || undefined} aria-current={version.id === selected} onClick={() => onSelect(version.id)}>
              <span className={classes['knot']} data-state={version.state} />
              <span className={classes['line']}>
                <b>{version.number}</b>
                <VersionState version={version} />
              </span>
              <span className="t2">
                {plural(version.counts.cases, 'case')} · {when(version.frozen_at ?? version.created_at)}
              </span>
              {version.job && (
                <span className={classes['job']}>
                  <Bar share={version.job.progress} tone="accent" width="100%" label="Written" />
                  <span className="t3">
                    {percent(version.job.progress)} {version.job.note || version.job.state}
                  </span>
                </span>
              )}
            </button>
          </li>
        ))}
      </ol>
    </Card>
  )
}
