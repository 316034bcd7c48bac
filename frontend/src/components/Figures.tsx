import type { ReactNode } from 'react'
import classes from './Figures.module.css'
import { Glyph, type GlyphName } from './Glyph'

export interface Figure {
  readonly label: string
  readonly value: ReactNode
  readonly note?: ReactNode
  readonly glyph?: GlyphName
}

/** A band of single metrics, each with what it means. */
export function Figures({ figures, label }: { figures: readonly Figure[]; label: string }) {
  return (
    <dl className={classes['band']} aria-label={label}>
      {figures.map(({ label: name, value, note, glyph }) => (
        <div key={name} className={classes['figure']}>
          <dt>
            {glyph && <Glyph name={glyph} size={12} />}
            {name}
          </dt>
          <dd className={classes['value']}>{value}</dd>
          {note && <dd className={classes['note']}>{note}</dd>}
        </div>
      ))}
    </dl>
  )
}
