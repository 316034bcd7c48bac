import { useMemo, useState } from 'react'
import type { Dataset, Version } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { bytes, plural, shortDigest } from '@/components/format'
import { Page } from '@/components/shell/Page'
import { EmptyState, ErrorState, LoadingRows, RefusedState } from '@/components/States'
import { useSelection } from '@/components/useSelection'
import { useKeys } from '@/keys/useKeys'
import { useMay, useMe, useProject } from '@/state/account'
import { refusalsOf, useDatasets, useVersions } from '@/state/dataset'
import { ContentsCard } from './ContentsCard'
import { DatasetDialog } from './DatasetDialog'
import classes from './Datasets.module.css'
import { DecideDialog } from './DecideDialog'
import { FreezeDialog } from './FreezeDialog'
import { GatesCard } from './GatesCard'
import { PullCard } from './PullCard'
import { VersionsCard, VersionState } from './VersionsCard'

export function Datasets() {
  const { project } = useProject()
  const slug = project?.slug ?? ''
  const mayView = useMay('dataset.view')
  const mayManage = useMay('dataset.manage')
  const { data: datasets, isPending, error, refetch } = useDatasets(mayView ? slug : '')
  const [chosen, setChosen] = useState<string | null>(null)
  const [making, setMaking] = useState(false)
  const dataset = datasets?.find((one) => one.slug === chosen) ?? datasets?.[0] ?? null
  if (!mayView)
    return (
      <Page title="Datasets">
        <RefusedState what="Datasets are not shown to your roles in this project." who="A data manager of the project can give you one that sees them." />
      </Page>
    )
  if (!dataset)
    return (
      <Page title="Datasets" summary="Frozen selections that are the same bytes for ever">
        {isPending && <LoadingRows what="datasets" />}
        {error && <ErrorState error={error} onRetry={() => void refetch()} />}
        {datasets && (
          <EmptyState why="This project has no dataset yet." who={mayManage ? 'A dataset gathers submitted readings; each version of it is frozen for good.' : 'A data manager of the project makes one.'}>
            {mayManage && (
              <Button variant="primary" onClick={() => setMaking(true)}>
                Make a dataset
              </Button>
            )}
          </EmptyState>
        )}
        {making && <DatasetDialog project={slug} onClose={() => setMaking(false)} onMade={setChosen} />}
      </Page>
    )
  return (
    <>
      <DatasetView key={dataset.slug} dataset={dataset} datasets={datasets ?? []} onChoose={setChosen} onMake={() => setMaking(true)} />
      {making && <DatasetDialog project={slug} onClose={() => setMaking(false)} onMade={setChosen} />}
    </>
  )
}

function DatasetView({ dataset, datasets, onChoose, onMake }: { dataset: Dataset; datasets: readonly Dataset[]; onChoose: (slug: string) => void; onMake: () => void }) {
  const versions = useVersions(dataset.slug)
  const mayManage = useMay('dataset.manage')
  const mayApprove = useMay('dataset.approve')
  const { data: me } = useMe()
  const [freezing, setFreezing] = useState(false)
  const [deciding, setDeciding] = useState<'approve' | 'reject' | null>(null)
  const [asked, setAsked] = useState<unknown>(null)
  const ids = useMemo(() => versions.data?.map(({ id }) => id) ?? [], [versions.data])
  const { selected, select } = useSelection(ids, !freezing && deciding === null)
  const version = versions.data?.find(({ id }) => id === selected) ?? null
  const building = versions.data?.some(({ state }) => state === 'building') ?? false
  // whoever froze it may still refuse it; releasing takes a second person, which the server holds
  const own = version !== null && (version.frozen_by === me?.display_name || version.frozen_by === me?.username)
  const decidable = version?.state === 'frozen' && mayApprove && !own
  const primary = () => (decidable ? setDeciding('approve') : mayManage && !building && setFreezing(true))
  useKeys({ 'datasets.freeze': primary }, mayManage || mayApprove)
  return (
    <Page
      title={version ? `${dataset.name}, ${version.number}` : dataset.name}
      fill
      summary={version ? summaryOf(version) : dataset.description || 'No version is frozen yet'}
      actions={
        <>
          {version && <VersionState version={version} bare={false} />}
          {version?.state === 'frozen' && mayApprove && own && <span className="small t2">You froze it: someone else releases it.</span>}
          {decidable ? (
            <>
              <Button size="large" variant="quiet" onClick={() => setDeciding('reject')}>
                Refuse
              </Button>
              <Button size="large" variant="primary" action="datasets.freeze" onClick={() => setDeciding('approve')}>
                Sign and release {version.number}
              </Button>
            </>
          ) : (
            <Button size="large" variant="primary" action="datasets.freeze" reason={mayManage ? null : 'Data managers freeze versions'} busy={building && 'Writing a version'} onClick={() => setFreezing(true)}>
              Freeze a version
            </Button>
          )}
        </>
      }
      strip={[
        version?.manifest_digest ? { text: `Manifest ${shortDigest(version.manifest_digest)}`, glyph: 'check', tone: 'ok' } : { text: 'No manifest yet', glyph: 'dashed' },
        ...(version ? [{ text: bytes(version.counts.bytes), glyph: 'store' as const }] : []),
        { text: 'labels of sealed patients stay with data managers', glyph: 'lock' },
      ]}
      keys={['list.next', 'list.previous', ['datasets.copy', 'copy pull command']]}
    >
      <div className={classes['grid']}>
        <div className={classes['column']}>
          {datasets.length > 1 || mayManage ? <DatasetList datasets={datasets} current={dataset.slug} onChoose={onChoose} onMake={mayManage ? onMake : null} /> : null}
          <VersionsCard query={versions} selected={selected} onSelect={select} />
        </div>
        <div className={classes['column']}>
          <ContentsCard dataset={dataset} version={version} />
          <GatesCard version={version} refusals={refusalsOf(asked ?? version)} asked={asked !== null} />
        </div>
        <div className={classes['column']}>
          <PullCard dataset={dataset} version={version} />
        </div>
      </div>
      {freezing && (
        <FreezeDialog
          dataset={dataset}
          onClose={() => setFreezing(false)}
          onRefused={setAsked}
          onFrozen={(made) => {
            setAsked(null)
            setFreezing(false)
            select(made.id)
          }}
        />
      )}
      {deciding && version && <DecideDialog dataset={dataset} version={version} verb={deciding} onClose={() => setDeciding(null)} />}
    </Page>
  )
}

function DatasetList({ datasets, current, onChoose, onMake }: { datasets: readonly Dataset[]; current: string; onChoose: (slug: string) => void; onMake: (() => void) | null }) {
  return (
    <Card
      title="Datasets"
      flush
      aside={
        onMake && (
          <Button size="compact" glyph="plus" onClick={onMake}>
            Make one
          </Button>
        )
      }
    >
      <ul>
        {datasets.map(({ slug, name, latest }) => (
          <li key={slug}>
            <button type="button" className={classes['entry']} data-selected={slug === current || undefined} aria-current={slug === current} onClick={() => onChoose(slug)}>
              <b>{name}</b>
              <span className="t3">{latest ? `newest release ${latest}` : 'nothing released'}</span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function summaryOf({ counts, manifest_digest }: Version): React.ReactNode {
  return (
    <>
      {plural(counts.cases, 'case')} of {plural(counts.subjects, 'patient')}
      {manifest_digest && (
        <>
          {' '}
          · manifest <span className="mono">sha256 {shortDigest(manifest_digest)}</span>
        </>
      )}
    </>
  )
}
