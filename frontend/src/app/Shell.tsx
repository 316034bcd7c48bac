/** The top bar over a page. The reading room has bars of its own and lies outside. */
import { spotlight } from '@mantine/spotlight'
import { useContext, useEffect, useSyncExternalStore } from 'react'
import { Outlet, useLocation } from 'react-router'
import { ErrorBoundary } from '@/components/shell/ErrorBoundary'
import { HelpContext } from '@/components/shell/Strip'
import { TopBar } from '@/components/shell/TopBar'
import { signOut, useForget, useMay, useMe, useProject } from '@/state/account'
import { roleWords } from '@/state/words'
import { onPreferences, preferences, setPreferences } from '@/state/preferences'
import { usePages } from './places'
import classes from './Shell.module.css'
import { useWaiting } from './waiting'

export function Shell() {
  const { data: me } = useMe()
  const { project, projects, choose } = useProject()
  const openHelp = useContext(HelpContext)
  const density = useSyncExternalStore(onPreferences, () => preferences().density)
  const waiting = useWaiting()
  const forget = useForget()
  const { pathname } = useLocation()
  useReadingRoomAhead(useMay('case.label'))
  const nav = usePages().map(({ to, label }) => ({ to, label, count: waiting[to] }))
  return (
    <div className={classes['shell']}>
      <TopBar
        nav={nav}
        project={project}
        projects={projects}
        onProject={choose}
        person={{ name: me?.display_name ?? '', role: roleWords(project?.roles ?? []) }}
        onFind={() => spotlight.open()}
        onKeys={openHelp}
        density={density}
        onDensity={() => setPreferences({ density: density === 'touch' ? 'clinical' : 'touch' })}
        onSignOut={() =>
          void signOut().finally(() => {
            forget()
            window.location.assign('/sign-in')
          })
        }
      />
      <ErrorBoundary resetKey={pathname}>
        <Outlet />
      </ErrorBoundary>
    </div>
  )
}

/** Bring the reading room's code while a reader looks at the worklist, so that the first case opens at once. */
function useReadingRoomAhead(active: boolean): void {
  useEffect(() => {
    if (!active) return undefined
    const timer = setTimeout(() => void import('@/pages/read/ReadingRoom').catch(() => undefined), 1500)
    return () => clearTimeout(timer)
  }, [active])
}
