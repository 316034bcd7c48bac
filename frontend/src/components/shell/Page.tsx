import { useEffect, type ReactNode } from 'react'
import type { ActionId } from '@/keys/map'
import classes from './Page.module.css'
import { Strip, type StripItem } from './Strip'

export interface PageProps {
  title: string
  /** What it comes to, in one sentence under the title. */
  summary?: ReactNode
  /** Right of the title; the single primary action last. */
  actions?: ReactNode
  strip?: readonly StripItem[]
  keys?: readonly (ActionId | [ActionId, string])[]
  /** The page fills the window and scrolls inside its cards. */
  fill?: boolean
  children: ReactNode
}

/** A page below the top bar. The window's title names the page and never a case or a person: it ends up in histories. */
export function Page({ title, summary, actions, strip = [], keys = [], fill = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} – Columna`
  }, [title])
  return (
    <>
      <main id="main" tabIndex={-1} className={classes['page']} data-fill={fill || undefined}>
        <div className={classes['head']}>
          <div>
            <h1>{title}</h1>
            {summary && <p className="small t2">{summary}</p>}
          </div>
          <span className="spread" />
          {actions}
        </div>
        {children}
      </main>
      <Strip items={strip} keys={keys} />
    </>
  )
}
