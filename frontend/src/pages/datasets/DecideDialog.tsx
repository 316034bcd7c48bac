import type { Dataset, Version } from '@/api/types'
import { plural, shortDigest } from '@/components/format'
import { ReasonDialog } from '@/components/ReasonDialog'
import { toast } from '@/components/toast'
import { useVersionDecide } from '@/state/dataset'

/** The second person's word on a frozen version. A release cannot be taken back, only withdrawn from. */
export function DecideDialog({ dataset, version, verb, onClose }: { dataset: Dataset; version: Version; verb: 'approve' | 'reject'; onClose: () => void }) {
  const decide = useVersionDecide(dataset.slug)
  const name = `${dataset.name} ${version.number}`
  return (
    <ReasonDialog
      opened
      onClose={onClose}
      title={verb === 'approve' ? `Sign and release ${name}?` : `Refuse to release ${name}?`}
      confirm={verb === 'approve' ? 'Sign and release' : 'Refuse'}
      danger={verb === 'reject'}
      reasonLabel={null}
      busy={decide.isPending}
      error={decide.error}
      onConfirm={() =>
        decide.mutate(
          { number: version.number, verb },
          {
            onSuccess: () => {
              toast(verb === 'approve' ? `${name} is released.` : `${name} is not released.`)
              onClose()
            },
          },
        )
      }
    >
      {verb === 'approve'
        ? `${plural(version.counts.cases, 'case')} of ${plural(version.counts.subjects, 'patient')}, manifest ${shortDigest(version.manifest_digest)}. Whoever may pull can take it from now on, and copies cannot be called back but by a withdrawal.`
        : 'It stays frozen and in the record, and nobody can pull it. Its number is not given again.'}
    </ReasonDialog>
  )
}
