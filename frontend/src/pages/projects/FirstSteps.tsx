import { useState } from 'react'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Glyph } from '@/components/Glyph'
import { useMe } from '@/state/account'
import { useOrganisations, usePeople } from '@/state/people'
import { AccountDialog } from './AccountDialog'
import { OrganisationDialog } from './OrganisationDialog'
import { ProjectDialog } from './ProjectDialog'
import classes from './FirstSteps.module.css'

/** An installation in which nothing is there yet: what to do, in order, one thing at a time. */
export function FirstSteps({ onMade }: { onMade: (slug: string) => void }) {
  const { data: me } = useMe()
  const { data: organisations } = useOrganisations(true)
  const { data: people } = usePeople(true)
  const [open, setOpen] = useState<'organisation' | 'account' | 'project' | null>(null)
  const hasHouse = (organisations?.length ?? 0) > 0
  const steps = [
    { id: 'organisation', title: 'Make an organisation', why: 'The hospital, university or company that people and projects belong to.', isDone: hasHouse, needs: me?.runs_installation ? null : 'Who runs this installation makes organisations' },
    { id: 'account', title: 'Make accounts', why: 'One for a data manager at least, and one for each reader. They choose their own passwords at the first sign-in.', isDone: (people?.length ?? 0) > 1, needs: hasHouse ? null : 'Make an organisation first' },
    { id: 'project', title: 'Begin a project', why: 'It holds the studies, the protocol and the members. Its data manager gives the roles and connects the PACS on the intake page.', isDone: false, needs: hasHouse ? null : 'Make an organisation first' },
  ] as const
  const next = steps.find((step) => !step.isDone)
  return (
    <Card title="This installation is empty" note="three steps to the first case">
      <ol className={classes['steps']}>
        {steps.map((step) => (
          <li key={step.id} data-done={step.isDone || undefined}>
            <span className={step.isDone ? 'ok' : 't3'}>
              <Glyph name={step.isDone ? 'check' : 'half'} {...(step.isDone ? { label: 'Done' } : {})} />
            </span>
            <div>
              <h3>{step.title}</h3>
              <p className="t2">{step.why}</p>
            </div>
            <Button variant={step === next ? 'primary' : 'outline'} reason={step.needs} reasonPlace="inside" onClick={() => setOpen(step.id)}>
              {step.title}
            </Button>
          </li>
        ))}
      </ol>
      <p className="t2">After that the data manager adds a source on the intake page, the PACS sends, and cases appear on the worklist by themselves.</p>
      {open === 'organisation' && <OrganisationDialog onClose={() => setOpen(null)} />}
      {open === 'account' && <AccountDialog onClose={() => setOpen(null)} />}
      {open === 'project' && <ProjectDialog onClose={() => setOpen(null)} onMade={onMade} />}
    </Card>
  )
}
