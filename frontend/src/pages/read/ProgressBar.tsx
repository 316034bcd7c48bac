import classes from './read.module.css'

/** How much of something long is done: a bar, what it counts, and the same to somebody who listens. */
export function ProgressBar({ label, done, total, words }: { label: string; done: number; total: number; words: string }) {
  return (
    <span className={classes['progressBar']} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={total} aria-valuenow={done} aria-valuetext={words}>
      <i>
        <b style={{ width: `${(100 * done) / Math.max(1, total)}%` }} />
      </i>
      {words}
    </span>
  )
}
