import { Page } from '@/components/shell/Page'
import { EmptyState } from '@/components/States'
import { Link } from 'react-router'

export function Missing() {
  return (
    <Page title="Nothing here">
      <EmptyState why="No page of Columna has this address." who="It may have been typed or linked wrongly; nothing is lost.">
        <Link to="/worklist">Go to the worklist</Link>
      </EmptyState>
    </Page>
  )
}
