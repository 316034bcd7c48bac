/** What lies around every page: who is signed in, the overlay when that is lost, key help, the way anywhere, the words read out. */
import { Spotlight, spotlight } from '@mantine/spotlight'
import { useIsFetching, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { Navigate, Outlet, useLocation, useNavigate } from 'react-router'
import { onSignedOut } from '@/api/client'
import { Button } from '@/components/Button'
import { ErrorBoundary } from '@/components/shell/ErrorBoundary'
import { KeyHelp } from '@/components/shell/KeyHelp'
import { announce, LiveRegion } from '@/components/shell/live'
import { SignInOverlay } from '@/components/shell/SignInOverlay'
import { HelpContext } from '@/components/shell/Strip'
import { ErrorState } from '@/components/States'
import { boundActions, onBound, setRemap } from '@/keys/listener'
import type { Remap } from '@/keys/map'
import { useKeys } from '@/keys/useKeys'
import { meKey, signIn, signInWithCode, useMe } from '@/state/account'
import { OwnPassword } from '@/pages/sign-in/OwnPassword'
import { onPreferences, preferences, setPreferences } from '@/state/preferences'
import classes from './Guard.module.css'
import { usePlaces } from './places'

export function Guard() {
  const { data: me, isPending, error, refetch } = useMe()
  const [person, setPerson] = useState<{ id: string; username: string } | null>(null)
  const [lost, setLost] = useState(false)
  const location = useLocation()
  if (me && me.id !== person?.id) setPerson({ id: me.id, username: me.username })

  useEffect(() => onSignedOut(() => setLost(true)), [])
  usePreferencesInForce()

  if (isPending) return <Quiet />
  if (error && !person)
    return (
      <div className={classes['middle']}>
        <ErrorState error={error} onRetry={() => void refetch()} />
      </div>
    )
  if (!me && !person) return <Navigate to={`/sign-in?next=${encodeURIComponent(location.pathname)}`} replace />
  if (me?.must_change_password) return <OwnPassword username={me.username} />
  return (
    <Around>
      <ErrorBoundary resetKey={location.pathname}>
        <Outlet />
      </ErrorBoundary>
      {person && <Lost opened={lost} username={person.username} onBack={() => setLost(false)} />}
    </Around>
  )
}

function Lost({ opened, username, onBack }: { opened: boolean; username: string; onBack: () => void }) {
  const queries = useQueryClient()
  return (
    <SignInOverlay
      opened={opened}
      username={username}
      onPassword={signIn}
      onCode={signInWithCode}
      onIn={() => {
        onBack()
        announce('You are signed in again. Your screen is as it was.')
        void queries.invalidateQueries()
      }}
      onSomeoneElse={() => window.location.assign('/sign-in')}
    />
  )
}

/** Key help, spotlight and live region; bound once, over whatever page is shown. */
function Around({ children }: { children: React.ReactNode }) {
  const [help, setHelp] = useState(false)
  const actions = useSyncExternalStore(onBound, boundActions)
  const navigate = useNavigate()
  const places = usePlaces()
  const openHelp = useCallback(() => setHelp(true), [])
  useKeys({
    help: openHelp,
    'go.anywhere': { down: () => spotlight.open(), inFields: true },
    'go.worklist': () => void navigate('/worklist'),
    'go.learning': () => void navigate('/learning'),
    'go.datasets': () => void navigate('/datasets'),
    'go.intake': () => void navigate('/intake'),
    'go.projects': () => void navigate('/projects'),
  })
  const entries = useMemo(() => [...places, { id: 'help', label: 'Keys', description: 'Show and change every key', onClick: openHelp }], [places, openHelp])
  return (
    <HelpContext.Provider value={openHelp}>
      {children}
      <KeyHelp opened={help} onClose={() => setHelp(false)} actions={actions} onRemap={remember} />
      <Spotlight actions={entries} shortcut={null} nothingFound="Nothing by that name." highlightQuery scrollable maxHeight={420} searchProps={{ placeholder: 'Go to case, page, setting', 'aria-label': 'Go to case, page, setting' }} />
      <LiveRegion />
    </HelpContext.Provider>
  )
}

const remember = (keys: Remap) => setPreferences({ keys })

function usePreferencesInForce() {
  useEffect(() => {
    const apply = () => {
      setRemap(preferences().keys)
      document.documentElement.dataset['density'] = preferences().density
    }
    apply()
    return onPreferences(apply)
  }, [])
}

/** Before it is known who is there: nothing that could flash. After two seconds it says what it waits for. */
function Quiet() {
  const [late, setLate] = useState(false)
  const asking = useIsFetching({ queryKey: meKey }) > 0
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 2000)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className={classes['middle']} role="status">
      {late && (
        <>
          <p className="t2">{asking ? 'Asking Columna who you are.' : 'Columna does not answer yet; trying again.'}</p>
          <Button onClick={() => window.location.reload()}>Reload</Button>
        </>
      )}
    </div>
  )
}
