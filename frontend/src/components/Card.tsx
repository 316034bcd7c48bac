import { useId, type ReactNode } from 'react'
import classes from './Card.module.css'

/** A surface with a title, and what its numbers mean in grey. Never a card in a card. */
export function Card({ title, note, aside, footer, children, flush = false, grow = false }: { title: ReactNode; note?: ReactNode; aside?: ReactNode; footer?: ReactNode; children: ReactNode; flush?: boolean; grow?: boolean }) {
  const id = useId()
  return (
    <section className={classes['card']} aria-labelledby={id} data-grow={grow || undefined}>
      <header className={classes['header']}>
        <h2 id={id}>{title}</h2>
        <span className="spread" />
        {note && <span className={classes['note']}>{note}</span>}
        {aside}
      </header>
      <div className={flush ? classes['flush'] : classes['body']}>{children}</div>
      {footer && <footer className={classes['footer']}>{footer}</footer>}
    </section>
  )
}
