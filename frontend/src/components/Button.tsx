import { useId, type ButtonHTMLAttributes, type ReactNode } from 'react'
import type { ActionId } from '@/keys/map'
import classes from './Button.module.css'
import { Glyph, type GlyphName } from './Glyph'
import { ActionKey } from './KeyCap'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled' | 'className'> {
  variant?: 'primary' | 'outline' | 'quiet' | 'danger'
  size?: 'large' | 'regular' | 'compact'
  glyph?: GlyphName
  /** Draws the key of this action inside the button. The page binds it. */
  action?: ActionId
  /** Why it cannot be done now. Drawn dashed; the button stays reachable so that the reason can be read. */
  reason?: string | null | undefined
  /** Where the reason is written: beside the button, inside it in place of the words, or by the page itself. */
  reasonPlace?: 'beside' | 'inside' | 'page'
  /** Under way; the words say what. */
  busy?: string | false | undefined
  children: ReactNode
}

export function Button({ variant = 'outline', size = 'regular', glyph, action, reason, reasonPlace = 'beside', busy, children, onClick, ...rest }: ButtonProps) {
  const reasonId = useId()
  const blocked = Boolean(reason) || Boolean(busy)
  const button = (
    <button
      type="button"
      {...rest}
      className={classes['button']}
      data-variant={variant}
      data-size={size}
      aria-disabled={blocked || undefined}
      aria-busy={Boolean(busy) || undefined}
      aria-describedby={reason && reasonPlace === 'beside' ? reasonId : undefined}
      onClick={(event) => {
        if (blocked) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {busy ? <Glyph name="half" size={12} /> : glyph && <Glyph name={glyph} size={size === 'compact' ? 12 : 16} />}
      <span>{busy || (reason && reasonPlace === 'inside' ? reason : children)}</span>
      {action && <ActionKey action={action} />}
    </button>
  )
  if (!reason || reasonPlace !== 'beside') return button
  return (
    <span className={classes['withReason']}>
      <span id={reasonId} className={classes['reason']}>
        <Glyph name="triangle" size={12} />
        {reason}
      </span>
      {button}
    </span>
  )
}
