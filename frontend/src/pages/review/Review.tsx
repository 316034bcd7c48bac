import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Link, useParams } from 'react-router'
import { EmptyState, ErrorState } from '@/components/States'
import { OutboxStore } from '@/state/outboxStore'
import { adjudicationOf, type Adjudication } from '@/state/review'
import { Bench } from './bench'
import classes from './review.module.css'
import { ReviewScreen } from './ReviewScreen'
import { SingleReview } from './SingleReview'

/** A case that was read: two readings held against each other, or one that somebody looks at. */
export function Review() {
  const { caseId = '' } = useParams()
  const { data, error, isPending, refetch } = useQuery({ queryKey: ['adjudication', caseId], queryFn: () => adjudicationOf(caseId), staleTime: Infinity, gcTime: 0 })
  if (isPending) return <p className={classes['alone']}>Opening the case</p>
  if (error)
    return (
      <main className={classes['alone']}>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </main>
    )
  if (!data) return <SingleReview caseId={caseId} />
  if (data.state !== 'open')
    return (
      <main className={classes['alone']}>
        <EmptyState why={data.state === 'done' ? 'This case is settled.' : 'A reading of this case went back to its reader.'} who="It comes up here again when it is handed in.">
          <Link to="/worklist">Worklist</Link>
        </EmptyState>
      </main>
    )
  return <BenchOf key={data.id} adjudication={data} />
}

function BenchOf({ adjudication }: { adjudication: Adjudication }) {
  const [bench, setBench] = useState<Bench | null>(null)
  useEffect(() => {
    const opened = new Bench(adjudication, () => new OutboxStore().browser())
    queueMicrotask(() => setBench(opened))
    return () => opened.dispose()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- one bench for one adjudication, whatever was picked since
  }, [adjudication.id])
  return bench && <ReviewScreen bench={bench} />
}
