/** An error in the words of the house: what happened, what is safe, what to do. Never a stack, never an identity. */
import { ApiError, UnreachableError } from './client'

export interface Notice {
  readonly what: string
  readonly safe: string
  readonly todo: string
  readonly tone: 'attn' | 'bad' | 'held'
  /** Whether trying the same again can help. */
  readonly retry: boolean
  /** The request's id, which the log and the audit trail share; empty where it does not help. */
  readonly reference: string
}

const notice = (tone: Notice['tone'], what: string, safe: string, todo: string, retry = false, reference = ''): Notice => ({ what, safe, todo, tone, retry, reference })

export function noticeOf(error: unknown): Notice {
  if (error instanceof UnreachableError)
    return notice('attn', 'Columna does not answer.', 'What was acknowledged is safe. What you see may be a moment old.', 'The page tries again by itself; check the network if this stays.', true)
  if (!(error instanceof ApiError)) return notice('bad', 'This page met something it does not know.', 'Nothing was sent to the server.', 'Reload the page. If it comes back, tell the operator what you did.', true)
  const { status, message, requestId, state } = error
  if (status === 401) return notice('held', 'You are signed out.', 'The screen stays as it is.', 'Sign in again to go on.')
  if (status === 403) return notice('held', message, 'Nothing was changed.', 'A data manager of the project can give you the role.')
  if (status === 404) return notice('held', 'It is not here, or not yours to see.', 'Nothing was changed.', 'Go back, or ask a data manager of the project.')
  if (status === 409) return conflict(error)
  if (status === 410) return notice('held', message, 'It was withdrawn, and every copy with it.', 'There is nothing left to do here.')
  if (status === 413) return notice('bad', 'This is larger than the server takes at once.', 'Nothing was stored.', 'Send fewer files at a time, or use the DICOM listener.')
  if (status === 429) return notice('attn', message, 'Nothing was changed.', 'Wait a moment, then try again.', true)
  if (status === 503) return notice('attn', message, 'What was acknowledged is safe.', 'Try again in a moment.', true, requestId)
  if (status >= 500) return notice('bad', 'The server failed at this.', 'What was acknowledged is safe; this step was not done.', 'Try again. If it fails again, give the operator the reference.', true, requestId)
  return notice('bad', sentence(message, state), 'Nothing was changed.', 'Correct it and try again.')
}

function conflict({ code, message, state }: ApiError): Notice {
  if (code === 'lease_held') return notice('held', 'Someone else has this case open.', 'Nothing of theirs or yours was changed.', 'Open another case, or come back when theirs is submitted.')
  if (code === 'lease_expired') return notice('attn', 'Your hold on this case ran out.', 'Your unsent strokes are kept in this browser.', 'Open the case again to send them.')
  if (code === 'stale_revision') return notice('attn', 'The case has moved on since you loaded it.', 'Your unsent strokes are kept in this browser.', 'Reload the case to see both.', true)
  if (code === 'already_submitted') return notice('attn', 'This case was already submitted.', 'The submitted revision stands.', 'Go on with the next case.')
  return notice('attn', sentence(message, state), 'Nothing was changed.', 'Look at how it stands now, then decide again.', true)
}

/** Field errors joined to one sentence, else the message itself. */
function sentence(message: string, state: Readonly<Record<string, unknown>>): string {
  const fields = state['fields']
  if (typeof fields !== 'object' || fields === null) return message
  const parts = Object.entries(fields).map(([field, reasons]) => {
    const text = Array.isArray(reasons) ? reasons.map(String).join(' ') : String(reasons)
    return field === 'non_field_errors' ? text : `${field.replaceAll('_', ' ')}: ${text}`
  })
  return parts.length > 0 ? parts.join(' ') : message
}
