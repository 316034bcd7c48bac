import { useMemo, useState } from 'react'
import { noticeOf } from '@/api/notice'
import type { IntakeSummary } from '@/api/types'
import { Button } from '@/components/Button'
import { Figures, type Figure } from '@/components/Figures'
import { bytes, clock, count, plural } from '@/components/format'
import { Page } from '@/components/shell/Page'
import type { StripItem } from '@/components/shell/Strip'
import { RefusedState } from '@/components/States'
import { useSelection } from '@/components/useSelection'
import { useKeys } from '@/keys/useKeys'
import { useMay, useProject } from '@/state/account'
import { useImports, useIntake, useQuarantine, useSources } from '@/state/intake'
import { FindingsCard } from './FindingsCard'
import { IdentityCard } from './IdentityCard'
import { ImportDialog } from './ImportDialog'
import { ImportsCard } from './ImportsCard'
import classes from './Intake.module.css'
import { LiveCard } from './LiveCard'
import { ProfileCard } from './ProfileCard'
import { QuarantineCard } from './QuarantineCard'
import { SourcesCard } from './SourcesCard'

export function Intake() {
  const { project } = useProject()
  const slug = project?.slug ?? ''
  const [live, setLive] = useState(true)
  const [importing, setImporting] = useState(false)
  const mayView = useMay('intake.view')
  const mayImport = useMay('intake.import')
  const mayDecide = useMay('quarantine.decide')
  const summary = useIntake(mayView ? slug : '', live)
  const imports = useImports(mayView ? slug : '', live)
  const sources = useSources(mayView ? slug : '')
  const quarantine = useQuarantine(slug, mayDecide)
  const batches = useMemo(() => imports.data?.results ?? [], [imports.data])
  const ids = useMemo(() => batches.map(({ id }) => id), [batches])
  const { selected, select } = useSelection(ids, !importing)
  useKeys({ 'intake.pause': () => setLive(!live), ...(mayImport ? { 'intake.import': () => setImporting(true) } : {}) }, mayView)

  if (!mayView)
    return (
      <Page title="Intake">
        <RefusedState what="Intake is for data managers, privacy officers and operators." who="A data manager of the project can give you one of these roles." />
      </Page>
    )
  return (
    <Page
      title="Intake"
      fill
      summary={summary.data && summaryOf(summary.data)}
      actions={
        <Button variant="primary" size="large" glyph="folder" action="intake.import" reason={mayImport ? null : 'Only data managers import'} onClick={() => setImporting(true)}>
          Import
        </Button>
      }
      strip={stripOf(summary.data, summary.error, live)}
      keys={['list.next', 'list.previous', ['intake.pause', live ? 'pause' : 'go on']]}
    >
      <Figures label="Today" figures={figuresOf(summary.data)} />
      <div className={classes['grid']}>
        <div className={classes['column']}>
          <SourcesCard query={sources} rates={summary.data?.sources ?? []} strangers={summary.data?.strangers ?? []} project={slug} />
          <LiveCard series={summary.data?.live} live={live} onLive={setLive} />
          <ProfileCard project={slug} />
        </div>
        <div className={classes['column']}>
          <ImportsCard query={imports} batches={batches} selected={selected} onSelect={select} mayImport={mayImport} onImport={() => setImporting(true)} />
          <FindingsCard id={selected} />
          <QuarantineCard query={quarantine} may={mayDecide} />
          <IdentityCard />
        </div>
      </div>
      {importing && (
        <ImportDialog
          project={slug}
          projectName={project?.name ?? ''}
          onClose={() => setImporting(false)}
          onStarted={(id) => {
            setImporting(false)
            select(id)
          }}
        />
      )}
    </Page>
  )
}

function summaryOf({ sources, held, stacks }: IntakeSummary): string {
  const open = sources.filter(({ is_active }) => is_active).length
  const words = [`${plural(open, 'source')} may send`, held > 0 ? `${plural(held, 'image')} ${held === 1 ? 'waits' : 'wait'} for a decision` : 'nothing waits for a decision']
  if (stacks.waiting_for_frames > 0) words.push(`${plural(stacks.waiting_for_frames, 'stack')} being made ready`)
  const sentence = `${words.join('; ')}.`
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function figuresOf(summary: IntakeSummary | undefined): Figure[] {
  const { today, stacks, held } = summary ?? {}
  const figure = (value: number | undefined) => (value === undefined ? '–' : count(value))
  return [
    { label: 'Received today', glyph: 'store', value: figure(today?.received), note: today && `images of ${plural(today.studies, 'study', 'studies')}` },
    { label: 'De-identified', glyph: 'shield', value: figure(today && today.received - today.refused - today.quarantined), note: today?.milliseconds_each ? `in memory, ${today.milliseconds_each.toFixed(1)} ms each` : 'in memory' },
    { label: 'Stored, then answered', glyph: 'check', value: figure(today?.stored), note: today && `${bytes(today.received_bytes)}, ${count(today.duplicate)} already known` },
    { label: 'Geometry whole', glyph: 'layers', value: figure(stacks && stacks.total - stacks.not_a_volume), note: stacks && `stacks; ${count(stacks.not_a_volume)} readable as a stack only` },
    { label: 'Not taken', glyph: 'octagon', value: figure(today?.refused), note: 'each with a named reason' },
    { label: 'In quarantine', glyph: 'lock', value: figure(held), note: 'encrypted, a person decides' },
  ]
}

function stripOf(summary: IntakeSummary | undefined, error: unknown, live: boolean): StripItem[] {
  const last = summary?.live[0]?.last_received_at
  const state: StripItem = error ? { text: noticeOf(error).what, glyph: 'triangle', tone: 'attn' } : summary?.live.some((one) => one.state === 'arriving') ? { text: `Receiving, last image ${clock(last ?? '')}`, glyph: 'half', tone: 'busy' } : { text: last ? `Quiet, last image ${clock(last)}` : 'Nothing received yet', glyph: 'check', tone: 'ok' }
  if (summary && !summary.has_room) return [{ text: 'The disk is full: nothing is taken in until there is room', glyph: 'octagon', tone: 'bad' }, state]
  return [state, { text: 'nothing with identity touches a disk unencrypted', glyph: 'shield' }, { text: live ? 'the lists are live' : 'the lists are paused' }]
}
