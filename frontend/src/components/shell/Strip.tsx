import { createContext, useContext, type ReactNode } from 'react'
import { ACTIONS, type ActionId } from '@/keys/map'
import { Glyph, type GlyphName } from '../Glyph'
import { ActionKey } from '../KeyCap'
import classes from './Strip.module.css'

export type StripTone = 'ok' | 'attn' | 'bad' | 'busy' | 'held'

export interface StripItem {
  readonly text: ReactNode
  readonly glyph?: GlyphName
  readonly tone?: StripTone | undefined
  readonly title?: string
}

/** Opens the key help; the shell provides it. */
export const HelpContext = createContext<() => void>(() => undefined)

/** The 28 px strip at the foot: what is saved, the model, the machine, the time, in that order; keys on the right. */
export function Strip({ items, keys = [] }: { items: readonly StripItem[]; keys?: readonly (ActionId | [ActionId, string])[] }) {
  const openHelp = useContext(HelpContext)
  return (
    <footer className={classes['strip']} aria-label="Status">
      <span className={classes['items']}>
        {items.map((item, at) => (
          <span key={at} className={`${classes['item'] ?? ''} ${item.tone ?? ''}`} title={item.title}>
            {item.glyph && <Glyph name={item.glyph} size={12} />}
            {item.text}
          </span>
        ))}
      </span>
      <span className={classes['keys']}>
        {keys.map((key) => {
          const [id, label] = typeof key === 'string' ? [key, ACTIONS[key].label.toLowerCase()] : key
          return (
            <span key={id} className={classes['key']}>
              <ActionKey action={id} /> {label}
            </span>
          )
        })}
        <button type="button" className={classes['help']} onClick={openHelp}>
          <ActionKey action="help" /> all keys
        </button>
      </span>
    </footer>
  )
}
