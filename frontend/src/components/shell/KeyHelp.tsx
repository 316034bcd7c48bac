import { Modal } from '@mantine/core'
import { useEffect, useState } from 'react'
import { caps, chordOf } from '@/keys/chord'
import { silenceKeys } from '@/keys/listener'
import { ACTIONS, clashOf, keysOf, type ActionId, type Remap, type Scope } from '@/keys/map'
import { useRemap } from '@/keys/useRemap'
import { Button } from '../Button'
import { KeyCaps } from '../KeyCap'
import classes from './KeyHelp.module.css'
import { announce } from './live'

const TITLES: Record<Scope, string> = {
  everywhere: 'Everywhere',
  list: 'In lists',
  worklist: 'Worklist',
  grading: 'While a grade is asked for',
  read: 'Reading room',
  review: 'Review',
  learning: 'Learning',
  datasets: 'Datasets',
  intake: 'Intake',
  projects: 'Projects',
}

export interface KeyHelpProps {
  opened: boolean
  onClose: () => void
  /** The actions heard on the page now. */
  actions: readonly ActionId[]
  onRemap: (remap: Remap) => void
}

/** Every key of the page; each can be set anew or switched off. A chord that is taken is refused by name. */
export function KeyHelp({ opened, onClose, actions, onRemap }: KeyHelpProps) {
  const remap = useRemap()
  const [listening, setListening] = useState<ActionId | null>(null)
  const [refusal, setRefusal] = useState<{ id: ActionId; words: string } | null>(null)
  const scopes = (Object.keys(TITLES) as Scope[]).filter((scope) => actions.some((id) => ACTIONS[id].scope === scope))
  scopes.sort((a, b) => Number(a === 'everywhere') - Number(b === 'everywhere') || Number(a === 'list') - Number(b === 'list'))

  useEffect(() => (opened ? silenceKeys() : undefined), [opened])
  useEffect(() => {
    if (!listening) return undefined
    const take = (event: KeyboardEvent) => {
      const chord = chordOf(event)
      if (chord === null) return
      event.preventDefault()
      event.stopImmediatePropagation()
      setListening(null)
      if (chord === 'Escape') return
      const words = refusalOf(listening, chord, remap)
      setRefusal(words === null ? null : { id: listening, words })
      announce(words ?? `${ACTIONS[listening].label} is now ${chord}.`)
      if (words === null) onRemap({ ...remap, [listening]: [chord] })
    }
    window.addEventListener('keydown', take, true)
    return () => window.removeEventListener('keydown', take, true)
  }, [listening, remap, onRemap])

  const restore = (id: ActionId) => onRemap(Object.fromEntries(Object.entries(remap).filter(([other]) => other !== id)))

  return (
    <Modal opened={opened} onClose={onClose} title="Keys" size={880} closeOnEscape={!listening} classNames={{ content: classes['dialog'] ?? '' }} closeButtonProps={{ 'aria-label': 'Close the keys' }}>
      <p className="small t2">Choose a key to set it anew: press the new one, or Esc to leave it. A key that is taken is refused.</p>
      <div className={classes['columns']}>
        {scopes.map((scope) => (
          <section key={scope} className={classes['scope']} aria-label={TITLES[scope]}>
            <h2>{TITLES[scope]}</h2>
            <ul>
              {actions
                .filter((id) => ACTIONS[id].scope === scope)
                .map((id) => (
                  <li key={id} className={classes['line']}>
                    <span>
                      {ACTIONS[id].label}
                      {refusal?.id === id && <em className="attn"> {refusal.words}</em>}
                    </span>
                    {remap[id] !== undefined && (
                      <button type="button" className={classes['restore']} aria-label={`restore the key of “${ACTIONS[id].label}”`} onClick={() => restore(id)}>
                        restore
                      </button>
                    )}
                    <button type="button" className={classes['chord']} data-listening={listening === id || undefined} aria-label={listening === id ? 'press a key' : `${spoken(keysOf(id, remap))}: set the key of “${ACTIONS[id].label}”`} onClick={() => setListening(id)}>
                      {listening === id ? 'press a key' : keysOf(id, remap).length === 0 ? 'off' : keysOf(id, remap).map((chord) => <KeyCaps key={chord} chord={chord} />)}
                    </button>
                    <button type="button" className={classes['off']} aria-label={`Switch off the key of “${ACTIONS[id].label}”`} title="Switch this key off" onClick={() => onRemap({ ...remap, [id]: [] })}>
                      ×
                    </button>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
      <div className={classes['foot']}>
        <Button size="compact" reason={Object.keys(remap).length === 0 ? 'All keys are as delivered' : null} reasonPlace="inside" onClick={() => onRemap({})}>
          Restore all keys
        </Button>
      </div>
    </Modal>
  )
}

/** The caps as one text, so that what is read out holds what is seen. */
function spoken(chords: readonly string[]): string {
  return chords.length === 0 ? 'off' : chords.map((chord) => caps(chord).join('')).join('')
}

const KEPT = ['Tab', 'Shift+Tab', 'Ctrl+W', 'Ctrl+T', 'Ctrl+R', 'Ctrl+N', 'F5', 'F12']

/** Why `id` may not have `chord`; null when it may. */
export function refusalOf(id: ActionId, chord: string, remap: Remap): string | null {
  if (KEPT.includes(chord)) return `${chord} belongs to the browser.`
  const clash = clashOf(id, chord, remap)
  return clash === null ? null : `${chord} is “${ACTIONS[clash].label}”. Change that one first.`
}
