import type { Dataset, Version } from '@/api/types'
import { Card } from '@/components/Card'
import { copyText, NOT_COPIED } from '@/components/clipboard'
import { CopyBox } from '@/components/CopyBox'
import { bytes, count } from '@/components/format'
import { announce } from '@/components/shell/live'
import { EmptyState } from '@/components/States'
import { toast } from '@/components/toast'
import { useKeys } from '@/keys/useKeys'
import { useMay } from '@/state/account'
import { pullCommand } from '@/state/dataset'
import classes from './Datasets.module.css'

/** The one command that brings the version, and the digest that says it is the same. */
export function PullCard({ dataset, version }: { dataset: Dataset; version: Version | null }) {
  const mayPull = useMay('dataset.pull')
  const pullable = version && version.manifest_digest !== '' ? version : null
  const command = pullable ? pullCommand(dataset.slug, pullable.number) : ''
  const copy = async () => {
    const isCopied = await copyText(command)
    announce(isCopied ? 'Pull command copied.' : NOT_COPIED)
    toast(isCopied ? 'Pull command copied.' : NOT_COPIED, command)
  }
  useKeys({ 'datasets.copy': () => void copy() }, pullable !== null)
  return (
    <>
      <Card title="Pull it" note={pullable?.state === 'released' ? 'the same bytes for ever' : pullable ? 'frozen; data managers only' : undefined}>
        {!pullable && <EmptyState why="Nothing to pull yet." who="A version can be pulled once its manifest is written." />}
        {pullable && (
          <>
            <CopyBox
              label="Pull command"
              text={command}
              lines={[
                { prompt: true, text: `columna login ${window.location.origin}` },
                { prompt: true, text: command },
                { text: `${count(pullable.counts.images)} images, ${count(pullable.counts.labels)} label files, ${bytes(pullable.counts.bytes)}`, tone: 'quiet' },
                { prompt: true, text: `columna verify` },
              ]}
            />
            <p className={classes['after']}>
              {mayPull ? 'An access token signs the command in: make one on the projects page. ' : 'Researchers and data managers pull; a data manager gives the role. '}
              {pullable.labels_withheld ? 'Labels of test patients are withheld from you.' : ''}
            </p>
          </>
        )}
      </Card>
      {pullable && (
        <Card title="Identity" note="SHA-256 of the manifest">
          <CopyBox label="Manifest digest" text={pullable.manifest_digest} />
          <p className={classes['after']}>The version is this digest. Whoever has the same digest has the same bytes.</p>
        </Card>
      )}
    </>
  )
}
