import { useId, type ReactNode } from 'react'
import classes from './Field.module.css'

/** A label, its control and a hint, tied together. */
export function Field({ label, hint, hidden = false, children }: { label: string; hint?: ReactNode; hidden?: boolean; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className={classes['field']} hidden={hidden}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint && <p className={classes['hint']}>{hint}</p>}
    </div>
  )
}
