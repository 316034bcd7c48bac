import { useQuery } from '@tanstack/react-query'
import { Button } from '@/components/Button'
import { when } from '@/components/format'
import { reviewsOf } from '@/state/review'
import classes from './review.module.css'

/** What reviewers wrote of this case before. */
export function Thread({ caseId, onReturn }: { caseId: string; onReturn: () => void }) {
  const { data: reviews = [] } = useQuery({ queryKey: ['reviews', caseId], queryFn: () => reviewsOf(caseId) })
  return (
    <section aria-label="Notes">
      <h2>Notes</h2>
      {reviews.length === 0 && <p className="small t2">Nothing was written of this case yet. A note goes back with a reading, to the place in hand.</p>}
      <ul className={classes['thread']}>
        {reviews.slice(0, 3).map((review) => (
          <li key={review.id}>
            <span className="micro t3">
              {review.verdict === 'return' ? 'Returned' : 'Accepted'}, {when(review.created_at)}
            </span>
            <p className="small">{review.note || 'without a note'}</p>
          </li>
        ))}
      </ul>
      <Button size="compact" variant="quiet" onClick={onReturn}>
        Write a note
      </Button>
    </section>
  )
}
