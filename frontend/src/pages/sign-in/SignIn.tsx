import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { Mark } from '@/components/Glyph'
import { SignInForm } from '@/components/shell/SignInForm'
import { prepareSignIn, signIn, signInWithCode } from '@/state/account'
import classes from './SignIn.module.css'

export function SignIn() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [query] = useSearchParams()

  useEffect(() => {
    document.title = 'Sign in – Columna'
    // the first write needs the cookie; asking early makes the first attempt as quick as any
    prepareSignIn().catch(() => undefined)
  }, [])

  return (
    <main className={classes['page']}>
      <div className={classes['panel']}>
        <div className={classes['brand']}>
          <Mark height={28} />
          <h1>Columna</h1>
        </div>
        <p className={classes['line']}>Labels for spine imaging.</p>
        <SignInForm
          onPassword={signIn}
          onCode={signInWithCode}
          onIn={() => {
            queries.clear()
            void navigate(safeNext(query.get('next')), { replace: true })
          }}
        />
        <p className={classes['foot']}>Accounts are made by the operator of this installation. A forgotten password is set anew there too.</p>
      </div>
    </main>
  )
}

/** Only a path of our own may be gone to after signing in. */
export function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])[\w\-/.]*$/.test(next) && !next.startsWith('/sign-in') ? next : '/'
}
