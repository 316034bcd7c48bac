import classes from './charts.module.css'
import { scale } from './scale'

/** A small line without axes; the number stands beside it. */
export function Spark({ values, width = 96, height = 20, tone = 'plain' }: { values: readonly number[]; width?: number; height?: number; tone?: 'plain' | 'model' }) {
  if (values.length < 2) return <svg width={width} height={height} aria-hidden="true" />
  const x = scale([0, values.length - 1], [1, width - 1])
  const y = scale([Math.min(...values), Math.max(...values)], [height - 2, 2])
  return (
    <svg width={width} height={height} aria-hidden="true" className={classes['spark']} data-tone={tone}>
      <path d={values.map((value, at) => `${at === 0 ? 'M' : 'L'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('')} />
    </svg>
  )
}
