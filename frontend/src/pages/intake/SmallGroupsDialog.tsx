import { useState } from 'react'
import { Button } from '@/components/Button'
import { Choice } from '@/components/Choice'
import { Dialog } from '@/components/Dialog'
import { plural } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { Cell, Head, Row, Table } from '@/components/Table'
import { useAnonymity } from '@/state/door'
import classes from './Door.module.css'

const THRESHOLDS = ['3', '5', '10'] as const

/** Which subjects are few among those who share age band, sex, scanner and month: whom a data set could single out. */
export function SmallGroupsDialog({ project, onClose }: { project: string; onClose: () => void }) {
  const [threshold, setThreshold] = useState('5')
  const { data, isPending, error, refetch } = useAnonymity(project, Number(threshold))
  return (
    <Dialog opened onClose={onClose} title="Small groups" size={720} actions={<Button onClick={onClose}>Close</Button>}>
      <div className="row">
        <p className="t2 small spread">
          {data
            ? data.groups === 0
              ? 'No subject yet.'
              : `${plural(data.groups, 'group')} share age band, sex, scanner and month; the smallest has ${plural(data.k, 'subject')}. ${plural(data.subjects_in_small_groups, 'subject')} stand in groups of fewer than ${data.threshold}.`
            : ' '}
        </p>
        <Choice label="Fewer than" options={THRESHOLDS.map((value) => ({ value, label: value }))} value={threshold} onChange={setThreshold} />
      </div>
      {isPending && <LoadingRows what="the groups" rows={4} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data?.small.length === 0 && data.groups > 0 && <EmptyState why="No group is small." who="Look again before a version is released." />}
      {data && data.small.length > 0 && (
        <div className={classes['scroll']}>
          <Table label="Small groups, the smallest first">
            <thead>
              <tr>
                <Head>Age</Head>
                <Head>Sex</Head>
                <Head>Scanner</Head>
                <Head>Month, shifted</Head>
                <Head number>Subjects</Head>
              </tr>
            </thead>
            <tbody>
              {data.small.map((group) => (
                <Row key={[group.age, group.sex, group.scanner, group.month].join('|')}>
                  <Cell>{group.age || 'not known'}</Cell>
                  <Cell>{group.sex || 'not known'}</Cell>
                  <Cell>{group.scanner || 'not known'}</Cell>
                  <Cell>{group.month || 'not known'}</Cell>
                  <Cell number>{group.subjects}</Cell>
                </Row>
              ))}
            </tbody>
          </Table>
        </div>
      )}
    </Dialog>
  )
}
