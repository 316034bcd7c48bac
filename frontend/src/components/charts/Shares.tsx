import { Bar, type BarTone } from '../Bar'
import classes from './charts.module.css'

export interface Share {
  readonly name: string
  readonly value: number
  readonly text: string
  readonly tone?: BarTone
}

/** Named bars under each other, the largest (or `full`) as the whole width, each with its number. */
export function Shares({ shares, full }: { shares: readonly Share[]; full?: number }) {
  const whole = full ?? Math.max(...shares.map(({ value }) => value), 1e-9)
  return (
    <ul className={classes['shares']}>
      {shares.map(({ name, value, text, tone }) => (
        <li key={name}>
          <span>{name}</span>
          <Bar share={value / whole} {...(tone ? { tone } : {})} />
          <span className={classes['value']}>{text}</span>
        </li>
      ))}
    </ul>
  )
}
