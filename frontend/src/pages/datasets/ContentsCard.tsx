import type { Dataset, Version } from '@/api/types'
import { Card } from '@/components/Card'
import { Facts } from '@/components/Facts'
import { bytes, count, when } from '@/components/format'
import { EmptyState } from '@/components/States'
import classes from './Datasets.module.css'

const TIERS: Readonly<Record<string, string>> = {
  open: 'open: anyone who accepts the licence',
  registered: 'registered: anyone with a verified identity',
  controlled: 'controlled: the board decides',
}

/** What the version holds, and who stands for it. */
export function ContentsCard({ dataset, version }: { dataset: Dataset; version: Version | null }) {
  if (!version)
    return (
      <Card title="What is in it">
        <EmptyState why="Nothing is frozen yet." who="Freeze a version to see what it would hold." />
      </Card>
    )
  const { counts } = version
  return (
    <Card title="What is in it" note={version.parent_number ? `grown from ${version.parent_number}` : 'the first of its line'}>
      <dl className={classes['counts']}>
        {[
          ['Patients', count(counts.subjects)],
          ['Cases', count(counts.cases)],
          ['Images', count(counts.images)],
          ['Label files', count(counts.labels)],
          ['Size', bytes(counts.bytes)],
        ].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Facts
        width={112}
        facts={[
          ['Why', version.reason || <span className="t3">no reason written</span>],
          ['Licence', dataset.licence || <span className="attn">none named</span>],
          ['Access', TIERS[dataset.tier] ?? dataset.tier],
          ['Frozen', version.frozen_at ? `${when(version.frozen_at)}${version.frozen_by ? ` by ${version.frozen_by}` : ''}` : 'not yet'],
          ['Released', version.released_at ? `${when(version.released_at)}${version.approved_by ? ` by ${version.approved_by}` : ''}` : 'not yet; a second person releases it'],
        ]}
      />
    </Card>
  )
}
