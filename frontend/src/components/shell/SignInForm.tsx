import { useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { Button } from '../Button'
import { Glyph } from '../Glyph'
import { Field } from '../Field'
import classes from './SignInForm.module.css'

export type SignInAnswer = { kind: 'in' } | { kind: 'code' } | { kind: 'wrong' | 'throttled' | 'failed'; message: string }

export interface SignInFormProps {
  /** Known already, where somebody comes back to their unchanged screen. */
  username?: string
  onPassword: (username: string, password: string) => Promise<SignInAnswer>
  onCode: (code: string) => Promise<SignInAnswer>
  onIn: (username: string) => void
}

/** Name and password, then a code where the account asks for one. The password never leaves the field but to the server. */
export function SignInForm({ username: known, onPassword, onCode, onIn }: SignInFormProps) {
  const [step, setStep] = useState<'password' | 'code'>('password')
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<{ kind: string; message: string } | null>(null)
  const [username, setUsername] = useState(known ?? '')
  const secret = useRef<HTMLInputElement>(null)
  const name = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (step === 'code' || known !== undefined) secret.current?.focus()
    else name.current?.focus()
  }, [step, known])

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault()
    const value = secret.current?.value ?? ''
    if (busy || !username || !value) return
    setBusy(true)
    setTrouble(null)
    try {
      const answer = step === 'password' ? await onPassword(username.trim(), value) : await onCode(value.trim())
      if (answer.kind === 'in') {
        onIn(username.trim())
        return
      }
      if (answer.kind === 'code') setStep('code')
      else setTrouble(answer)
    } catch {
      setTrouble({ kind: 'failed', message: 'Columna does not answer. Check the network, then try again.' })
    } finally {
      setBusy(false)
    }
    if (secret.current) secret.current.value = ''
    secret.current?.focus()
  }

  return (
    <form className={classes['form']} onSubmit={(event) => void submit(event)} noValidate>
      <Field label="User name" hidden={step === 'code'}>
        {(id) => <input id={id} ref={name} name="username" autoComplete="username" autoCapitalize="none" spellCheck={false} required value={username} readOnly={known !== undefined} onChange={(event) => setUsername(event.target.value)} />}
      </Field>
      {step === 'password' ? (
        <Field label="Password">{(id) => <input id={id} key="password" ref={secret} name="password" type="password" autoComplete="current-password" required />}</Field>
      ) : (
        <Field label="Code" hint="From your authenticator, or one of your recovery codes.">
          {(id) => <input id={id} key="code" ref={secret} name="code" inputMode="numeric" autoComplete="one-time-code" required />}
        </Field>
      )}
      <p className={classes['trouble']} role="alert" data-kind={trouble?.kind}>
        {trouble && (
          <>
            <Glyph name={trouble.kind === 'wrong' ? 'octagon' : 'triangle'} size={12} />
            <span>{trouble.message}</span>
          </>
        )}
      </p>
      <Button variant="primary" size="large" type="submit" busy={busy && 'Signing in'}>
        Sign in
      </Button>
    </form>
  )
}
