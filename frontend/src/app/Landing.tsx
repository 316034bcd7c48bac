import { Navigate } from 'react-router'
import { useProject } from '@/state/account'
import { homeOf } from './places'

/** Where somebody arrives after signing in. */
export function Landing() {
  return <Navigate to={homeOf(useProject().project?.abilities ?? [])} replace />
}
