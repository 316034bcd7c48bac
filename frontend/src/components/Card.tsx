import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
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
      {flush ? <Scrolling labelledBy={id}>{children}</Scrolling> : <div className={classes['body']}>{children}</div>}
      {footer && <footer className={classes['footer']}>{footer}</footer>}
    </section>
  )
}

/** A body that scrolls inside the card. While it does, the keyboard can stop at it and scroll it with the arrows. */
function Scrolling({ labelledBy, children }: { labelledBy: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  const [scrolls, setScrolls] = useState(false)
  useEffect(() => {
    const [outer, inner] = [box.current, content.current]
    if (!outer || !inner) return undefined
    const observer = new ResizeObserver(() => setScrolls(outer.scrollHeight > outer.clientHeight || outer.scrollWidth > outer.clientWidth))
    observer.observe(outer)
    observer.observe(inner)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={box} className={classes['flush']} {...(scrolls ? { tabIndex: 0, role: 'group', 'aria-labelledby': labelledBy } : {})}>
      <div ref={content} className={classes['content']}>
        {children}
      </div>
    </div>
  )
}
