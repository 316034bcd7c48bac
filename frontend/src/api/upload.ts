/** Sending files, with the share that has left the browser: `fetch` does not tell it. */
import { ApiError, csrfToken, UnreachableError } from './client'

/** POST a form and resolve with the answer's JSON. `onShare` hears 0 to 1. Throws as {@link send} does. */
export function upload<T>(path: string, form: FormData, onShare: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.setRequestHeader('X-CSRFToken', csrfToken())
    request.setRequestHeader('Accept', 'application/json')
    request.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total)
    request.onerror = () => reject(new UnreachableError('Columna does not answer.'))
    request.onabort = () => reject(new DOMException('The upload was stopped.', 'AbortError'))
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status >= 200 && request.status < 300) resolve(body as T)
      else reject(refusal(request, body))
    }
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

function refusal(request: XMLHttpRequest, body: unknown): ApiError {
  const error = (body as { error?: { code?: string; message?: string; state?: Record<string, unknown> } } | null)?.error
  const message = error?.message ?? `The server answered ${request.status} without a reason.`
  return new ApiError(request.status, error?.code ?? `http_${request.status}`, message, error?.state ?? {}, request.getResponseHeader('X-Request-Id') ?? '')
}
