import { Modal } from '@mantine/core'
import { useEffect, type FocusEvent, type ReactNode } from 'react'
import { silenceKeys } from '@/keys/listener'
import classes from './Dialog.module.css'

/** The library puts the focus on the first field once more, a moment after the dialog is seen: who is faster keeps the field they chose. */
const keepFocus = ({ currentTarget, target }: FocusEvent) => {
  const marked = currentTarget.closest('[role="dialog"]')?.querySelectorAll('[data-autofocus]') ?? []
  for (const element of marked) element.removeAttribute('data-autofocus')
  target.setAttribute('data-autofocus', '')
}

/** For what needs an answer before anything goes on. The page's keys are silent meanwhile; Esc leaves it. */
export function Dialog({ opened, onClose, title, size = 480, children, actions }: { opened: boolean; onClose: () => void; title: string; size?: number; children: ReactNode; actions: ReactNode }) {
  useEffect(() => (opened ? silenceKeys() : undefined), [opened])
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className={classes['body']} onFocusCapture={keepFocus}>{children}</div>
      <div className={classes['actions']} onFocusCapture={keepFocus}>{actions}</div>
    </Modal>
  )
}
