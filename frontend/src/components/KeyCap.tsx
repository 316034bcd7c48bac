import { caps } from '@/keys/chord'
import { keysOf, type ActionId } from '@/keys/map'
import { useRemap } from '@/keys/useRemap'
import classes from './KeyCap.module.css'

/** The caps of one chord, side by side. */
export function KeyCaps({ chord }: { chord: string }) {
  return (
    <span className={classes['caps']}>
      {caps(chord).map((cap) => (
        <kbd key={cap} className={classes['cap']}>
          {cap}
        </kbd>
      ))}
    </span>
  )
}

/** The key that does `action` now, after remapping; nothing where it is switched off. */
export function ActionKey({ action }: { action: ActionId }) {
  const chord = keysOf(action, useRemap())[0]
  return chord === undefined ? null : <KeyCaps chord={chord} />
}
