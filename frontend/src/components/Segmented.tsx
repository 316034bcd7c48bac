import classes from './Segmented.module.css'

export interface Segment<T extends string> {
  readonly value: T
  readonly label: string
  readonly count?: number | undefined
}

/** One of a few, side by side. */
export function Segmented<T extends string>({ label, segments, value, onChange }: { label: string; segments: readonly Segment<T>[]; value: T; onChange: (value: T) => void }) {
  return (
    <div className={classes['segments']} role="radiogroup" aria-label={label}>
      {segments.map((segment) => (
        <label key={segment.value} className={classes['segment']} data-on={segment.value === value || undefined}>
          <input type="radio" className="visually-hidden" name={label} checked={segment.value === value} onChange={() => onChange(segment.value)} />
          {segment.label}
          {segment.count !== undefined && <span className="t3">{segment.count}</span>}
        </label>
      ))}
    </div>
  )
}
