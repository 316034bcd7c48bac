/** The states every page has besides its content: nothing yet, loading, failed, refused. */
import type { ReactNode } from 'react'
import { noticeOf } from '@/api/notice'
import { Button } from './Button'
import { Glyph } from './Glyph'
import classes from './States.module.css'

/** One sentence why, one who can change it, one button. */
export function EmptyState({ why, who, children }: { why: string; who?: string; children?: ReactNode }) {
  return (
    <div className={classes['state']}>
      <p className={classes['why']}>{why}</p>
      {who && <p className="t2">{who}</p>}
      {children && <div className={classes['act']}>{children}</div>}
    </div>
  )
}

/** Grey lines where rows will be; says so to those who do not see them. Still, so that it never draws the eye. */
export function LoadingRows({ rows = 6, what }: { rows?: number; what: string }) {
  return (
    <div className={classes['loading']} role="status">
      <span className="visually-hidden">Loading {what}.</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className={classes['line']} style={{ width: `${[92, 74, 86, 64, 80, 70][row % 6] ?? 80}%` }} aria-hidden="true" />
      ))}
    </div>
  )
}

/** What happened, what is safe, what to do. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const notice = noticeOf(error)
  return (
    <div className={classes['state']} role="alert">
      <p className={classes['why']}>
        <span className={notice.tone}>
          <Glyph name={notice.tone === 'held' ? 'lock' : notice.tone === 'attn' ? 'triangle' : 'octagon'} />
        </span>{' '}
        {notice.what}
      </p>
      <p className="t2">{notice.safe}</p>
      <p className="t2">{notice.todo}</p>
      {onRetry && notice.retry && (
        <div className={classes['act']}>
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
      {notice.reference && <p className="micro t3">Reference {notice.reference}</p>}
    </div>
  )
}

/** The page is not for these roles: says which ability is missing and who gives it. */
export function RefusedState({ what, who }: { what: string; who: string }) {
  return (
    <div className={classes['state']}>
      <p className={classes['why']}>
        <span className="held">
          <Glyph name="lock" />
        </span>{' '}
        {what}
      </p>
      <p className="t2">{who}</p>
    </div>
  )
}
