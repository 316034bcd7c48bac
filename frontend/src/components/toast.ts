import { notifications } from '@mantine/notifications'
import { noticeOf } from '@/api/notice'
import { announce } from './shell/live'

/** Say in the corner what happened, and read it out. */
export function toast(what: string, detail = ''): void {
  announce(`${what} ${detail}`)
  notifications.show({ title: what, message: detail, autoClose: 6000, color: 'bone' })
}

/** Say what happened, what is safe and what to do; stays until it is closed. */
export function toastError(error: unknown): void {
  const { what, safe, todo } = noticeOf(error)
  announce(`${what} ${safe} ${todo}`)
  notifications.show({ title: what, message: `${safe} ${todo}`, autoClose: false, color: 'red' })
}
