import { Component, type ReactNode } from 'react'
import { Button } from '../Button'
import classes from './ErrorBoundary.module.css'

/** Holds a page that failed, so that the rest of the browser goes on. Says so without the error's own words, which could carry anything. */
export class ErrorBoundary extends Component<{ children: ReactNode; resetKey?: string }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override componentDidUpdate(before: { resetKey?: string }) {
    if (this.state.failed && before.resetKey !== this.props.resetKey) this.setState({ failed: false })
  }

  override render() {
    if (!this.state.failed) return this.props.children
    return (
      <main className={classes['failed']} role="alert">
        <h1>This page failed</h1>
        <p className="t2">What was saved is on the server; unsent strokes are kept in this browser and are sent when you come back.</p>
        <div className="row">
          <Button variant="primary" onClick={() => location.reload()}>
            Reload
          </Button>
          <Button onClick={() => location.assign('/worklist')}>Go to the worklist</Button>
        </div>
      </main>
    )
  }
}
