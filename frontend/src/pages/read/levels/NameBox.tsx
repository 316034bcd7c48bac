import { useState, useSyncExternalStore } from 'react'
import { sequence } from '@/geometry/numbering'
import { nameOf } from '@/state/structure'
import type { Room } from '../room'
import classes from './levels.module.css'

/** Where the name of one body is typed; Enter names it and all others follow. */
export function NameBox({ room }: { room: Room }) {
  const asked = useSyncExternalStore(room.naming.subscribe, room.naming.getAsked)
  const body = room.naming.ladder.bodies.find((each) => each.id === asked)
  return body ? <Box key={body.id} room={room} name={body.name ?? ''} /> : null
}

function Box({ room, name }: { room: Room; name: string }) {
  const [text, setText] = useState(name ? nameOf(name) : '')
  const [reason, setReason] = useState<string | null>(null)
  return (
    <form
      className={classes['box']}
      onSubmit={(event) => {
        event.preventDefault()
        setReason(room.naming.say(text))
      }}
    >
      <label>
        <span className="t3">{name ? `${nameOf(name)} is` : 'This body is'}</span>
        <input
          // eslint-disable-next-line jsx-a11y/no-autofocus -- it was opened to be typed into
          autoFocus
          aria-label="Name of this body"
          aria-invalid={reason !== null}
          list="columna-levels"
          value={text}
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') room.naming.cancel()
          }}
          onBlur={() => room.naming.cancel()}
        />
      </label>
      <datalist id="columna-levels">
        {sequence(room.naming.ladder.variant).map((each) => (
          <option key={each} value={nameOf(each)} />
        ))}
      </datalist>
      {reason !== null && (
        <p className="attn" role="alert">
          {reason}
        </p>
      )}
    </form>
  )
}
