import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { Button } from '@/components/Button'
import { Field } from '@/components/Field'
import { Mark } from '@/components/Glyph'
import { meKey } from '@/state/account'
import { passwordChange } from '@/state/people'
import classes from './SignIn.module.css'

/** At the first sign-in: somebody else chose the password, so it is changed before anything is shown. */
export function OwnPassword({ username }: { username: string }) {
  const queries = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState('')
  const first = useRef<HTMLInputElement>(null)
  useEffect(() => first.current?.focus(), [])
  const submit = async (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault()
    const sent = new FormData(event.currentTarget)
    const [current, chosen, again] = ['current', 'chosen', 'again'].map((name) => {
      const value = sent.get(name)
      return typeof value === 'string' ? value : ''
    })
    if (!current || !chosen) return
    if (chosen !== again) {
      setTrouble('The two new passwords differ. Write the same one twice.')
      return
    }
    setBusy(true)
    try {
      const refusal = await passwordChange(current, chosen)
      setTrouble(refusal ?? '')
      if (refusal === null) await queries.invalidateQueries({ queryKey: meKey })
    } catch {
      setTrouble('Columna does not answer. Nothing was changed; check the network, then try again.')
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className={classes['page']}>
      <div className={classes['panel']}>
        <div className={classes['brand']}>
          <Mark height={28} />
          <h1>Choose your own password</h1>
        </div>
        <p className={classes['line']}>The one you were given was known to somebody else. Twelve characters or more; a sentence is fine.</p>
        <form className={classes['own']} onSubmit={(event) => void submit(event)}>
          <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
          <Field label="The password you were given">{(id) => <input id={id} name="current" type="password" ref={first} autoComplete="current-password" required />}</Field>
          <Field label="Your new password">{(id) => <input id={id} name="chosen" type="password" autoComplete="new-password" required />}</Field>
          <Field label="The same again">{(id) => <input id={id} name="again" type="password" autoComplete="new-password" required />}</Field>
          <p role="alert" className="bad small">
            {trouble}
          </p>
          <Button variant="primary" size="large" type="submit" busy={busy && 'Changing it'}>
            Change it and go on
          </Button>
        </form>
      </div>
    </main>
  )
}
