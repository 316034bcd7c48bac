import { Modal } from '@mantine/core'
import { useEffect } from 'react'
import { silenceKeys } from '@/keys/listener'
import { Button } from '../Button'
import { SignInForm, type SignInFormProps } from './SignInForm'
import classes from './SignInOverlay.module.css'

/** Asks for the password over the unchanged screen. Nothing behind it is lost; leaving it means to sign in as someone else. */
export function SignInOverlay({ opened, onSomeoneElse, ...form }: SignInFormProps & { opened: boolean; onSomeoneElse: () => void }) {
  useEffect(() => (opened ? silenceKeys() : undefined), [opened])
  return (
    <Modal opened={opened} onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} size={380} title="You were signed out" zIndex={400} classNames={{ content: classes['dialog'] ?? '' }}>
      <p className="small t2">Your screen stays as it is, and unsent strokes are kept. Your password takes you back to it.</p>
      <div className={classes['form']}>
        <SignInForm {...form} />
        <Button variant="quiet" size="compact" onClick={onSomeoneElse}>
          Sign in as someone else
        </Button>
      </div>
    </Modal>
  )
}
