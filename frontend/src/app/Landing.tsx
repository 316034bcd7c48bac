import { Navigate } from 'react-router'
import { usePages } from './places'

/** Where somebody arrives: the first page that their roles open. */
export function Landing() {
  return <Navigate to={usePages()[0]?.to ?? '/projects'} replace />
}
