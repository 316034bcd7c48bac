import type { ModelVersion } from '@/api/types'
import { ReasonDialog } from '@/components/ReasonDialog'
import { toast } from '@/components/toast'
import { reportOf, usePromote } from '@/state/learning'

/** Lets a model propose from now on. Names both models and what the gate found. */
export function PromoteDialog({ project, model, champion, onClose }: { project: string; model: ModelVersion; champion: ModelVersion | null; onClose: () => void }) {
  const promote = usePromote(project)
  const { verdict, reasons, dice } = reportOf(model.report)
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={`Promote ${model.name}?`}
      confirm="Promote"
      reasonLabel={null}
      busy={promote.isPending}
      error={promote.error}
      onConfirm={() =>
        promote.mutate(model.id, {
          onSuccess: () => {
            toast(`${model.name} proposes from now on.`, 'Cases that nobody has begun get new proposals.')
            onClose()
          },
        })
      }
    >
      <p>
        It replaces {champion?.name ?? 'no model'}
        {dice === null ? '' : `; sealed Dice ${dice.toFixed(3)}`}. What readers have begun or submitted stays as it is. The model before it can be promoted again.
      </p>
      {verdict === 'insufficient' && (
        <p className="attn">
          There are too few sealed patients for the gate to decide. {reasons.join(' ')}
        </p>
      )}
    </ReasonDialog>
  )
}
