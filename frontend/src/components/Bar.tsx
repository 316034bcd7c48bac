import classes from './Bar.module.css'

export type BarTone = 'plain' | 'accent' | 'ok' | 'attn' | 'bad'

/** A 4 px bar for a share from 0 to 1. The number beside it is what is read; the bar only helps the eye. */
export function Bar({ share, tone = 'plain', width, label }: { share: number; tone?: BarTone; width?: number | string; label?: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100)
  const role = label ? { role: 'progressbar', 'aria-label': label, 'aria-valuenow': percent, 'aria-valuemin': 0, 'aria-valuemax': 100 } : { 'aria-hidden': true }
  return (
    <span className={classes['bar']} style={{ width }} {...role}>
      <i className={classes['fill']} data-tone={tone} style={{ width: `${percent}%` }} />
    </span>
  )
}

/** A confidence: bar and two decimals; amber under `doubtBelow`. */
export function Confidence({ value, doubtBelow = 0.8 }: { value: number; doubtBelow?: number }) {
  return (
    <span className={classes['confidence']}>
      <Bar share={value} width={48} tone={value < doubtBelow ? 'attn' : 'plain'} />
      {value.toFixed(2)}
    </span>
  )
}
