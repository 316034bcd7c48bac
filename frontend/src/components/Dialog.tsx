import { Modal } from '@mantine/core'
import { useEffect, type ReactNode } from 'react'
import { silenceKeys } from '@/keys/listener'
import classes from './Dialog.module.css'

/** For what needs an answer before anything goes on. The page's keys are silent meanwhile; Esc leaves it. */
export function Dialog({ opened, onClose, title, size = 480, children, actions }: { opened: boolean; onClose: () => void; title: string; size?: number; children: ReactNode; actions: ReactNode }) {
  useEffect(() => (opened ? silenceKeys() : undefined), [opened])
  return (
    <Modal opened={opened} onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      <div className={classes['body']}>{children}</div>
      <div className={classes['actions']}>{actions}</div>
    </Modal>
  )
}
