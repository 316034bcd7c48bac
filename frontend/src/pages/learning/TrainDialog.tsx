import { useState } from 'react'
import type { ModelVersion } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useTrain, type RunRequest } from '@/state/learning'

const STEPS: readonly { value: number; label: string }[] = [
  { value: 150, label: 'short: 150 steps' },
  { value: 400, label: 'as usual: 400 steps' },
  { value: 1200, label: 'long: 1,200 steps' },
]

/** Asks for a run: which readings count, where it starts, how long it goes. */
export function TrainDialog({ project, champion, onClose }: { project: string; champion: ModelVersion | null; onClose: () => void }) {
  const [labels, setLabels] = useState<RunRequest['labels']>('readings')
  const [steps, setSteps] = useState(400)
  const [fromChampion, setFromChampion] = useState(false)
  const train = useTrain(project)
  const begin = () =>
    train.mutate(
      { labels, steps, from_champion: fromChampion },
      {
        onSuccess: () => {
          toast('Training asked for.', 'It begins as soon as a worker is free, and goes on without this page.')
          onClose()
        },
      },
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Retrain"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button data-autofocus variant="primary" busy={train.isPending && 'Asking'} onClick={begin}>
            Begin training
          </Button>
        </>
      }
    >
      <p className="t2">What is submitted now is frozen as a version, a model learns from it, and the result is measured on the sealed patients beside the model it came from. The gate then says whether it may be promoted.</p>
      <Field label="Learn from">
        {(id) => (
          <select id={id} value={labels} onChange={(event) => setLabels(event.target.value as RunRequest['labels'])}>
            <option value="readings">what readers of this project submitted</option>
            <option value="all">submitted readings and imported masks</option>
          </select>
        )}
      </Field>
      <Field label="Start from">
        {(id) => (
          <select id={id} value={fromChampion ? 'champion' : 'base'} onChange={(event) => setFromChampion(event.target.value === 'champion')}>
            <option value="base">the built-in model</option>
            {champion?.project && <option value="champion">{champion.name}, in use now</option>}
          </select>
        )}
      </Field>
      <Field label="How long" hint="About half a second a step on one core.">
        {(id) => (
          <select id={id} value={steps} onChange={(event) => setSteps(Number(event.target.value))}>
            {STEPS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {train.error && <ErrorState error={train.error} />}
    </Dialog>
  )
}
