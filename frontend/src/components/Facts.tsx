import type { ReactNode } from 'react'
import classes from './Facts.module.css'

/** Names on the left in grey, what is so on the right. */
export function Facts({ facts, width = 96 }: { facts: readonly (readonly [string, ReactNode])[]; width?: number }) {
  return (
    <dl className={classes['facts']} style={{ gridTemplateColumns: `${width}px minmax(0, 1fr)` }}>
      {facts.map(([name, value]) => (
        <div key={name} className={classes['fact']}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
