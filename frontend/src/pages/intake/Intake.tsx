import { useMemo, useState } from 'react'
import type { ImportBatch } from '@/api/types'
import { Button } from '@/components/Button'
import { Figures } from '@/components/Figures'
import { bytes, clock, count, plural } from '@/components/format'
import { Page } from '@/components/shell/Page'
import { RefusedState } from '@/components/States'
import { useSelection } from '@/components/useSelection'
import { useKeys } from '@/keys/useKeys'
import { useMay, useProject } from '@/state/account'
import { useImports, useQuarantine, useSources } from '@/state/intake'
import { FindingsCard } from './FindingsCard'
import { ImportDialog } from './ImportDialog'
import { ImportsCard } from './ImportsCard'
import classes from './Intake.module.css'
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
  const imports = useImports(mayView ? slug : '', live)
  const sources = useSources(mayView ? slug : '')
  const quarantine = useQuarantine(slug, mayDecide)
  const batches = useMemo(() => imports.data?.results ?? [], [imports.data])
  const ids = useMemo(() => batches.map(({ id }) => id), [batches])
  const { selected, select } = useSelection(ids, !importing)
  const totals = useMemo(() => totalsOf(batches), [batches])
  const held = quarantine.data?.results.filter(({ state }) => state === 'held' || state === 'proposed').length
  const running = batches.filter(({ state }) => state === 'running').length
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
      summary={imports.data && summaryOf(sources.data?.filter(({ is_active }) => is_active).length ?? 0, held ?? 0, running)}
      actions={
        <Button variant="primary" size="large" glyph="folder" action="intake.import" reason={mayImport ? null : 'Only data managers import'} onClick={() => setImporting(true)}>
          Import
        </Button>
      }
      strip={[
        imports.isError ? { text: 'Columna does not answer', glyph: 'triangle', tone: 'attn' } : running > 0 ? { text: `Receiving, ${plural(running, 'import')} under way`, glyph: 'half', tone: 'busy' } : { text: totals.last ? `Quiet, last image ${clock(totals.last)}` : 'Nothing received yet', glyph: 'check', tone: 'ok' },
        { text: 'nothing with identity touches a disk unencrypted', glyph: 'shield' },
        { text: live ? 'list is live' : 'list is paused' },
      ]}
      keys={['list.next', 'list.previous', ['intake.pause', live ? 'pause' : 'go on']]}
    >
      <Figures
        label="Intake so far"
        figures={[
          { label: 'Received', glyph: 'store', value: count(totals.received), note: `${bytes(totals.bytes)} in ${plural(batches.length, 'import')}` },
          { label: 'Stored, then answered', glyph: 'check', value: count(totals.stored), note: 'de-identified in memory first' },
          { label: 'Known already', glyph: 'ring', value: count(totals.duplicate), note: 'importing twice changes nothing' },
          { label: 'Not taken', glyph: 'octagon', value: count(totals.refused), note: 'each with a named reason' },
          { label: 'In quarantine', glyph: 'lock', value: mayDecide ? count(held ?? 0) : count(totals.quarantined), note: 'encrypted, a person decides' },
        ]}
      />
      <div className={classes['grid']}>
        <div className={classes['column']}>
          <ImportsCard query={imports} batches={batches} sources={sources.data ?? []} selected={selected} onSelect={select} live={live} onLive={setLive} mayImport={mayImport} onImport={() => setImporting(true)} />
          <SourcesCard query={sources} project={slug} />
        </div>
        <div className={classes['column']}>
          <FindingsCard id={selected} />
          <QuarantineCard query={quarantine} may={mayDecide} />
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

function totalsOf(batches: readonly ImportBatch[]) {
  const totals = { received: 0, stored: 0, duplicate: 0, refused: 0, quarantined: 0, bytes: 0, last: '' }
  for (const batch of batches) {
    totals.received += batch.received
    totals.stored += batch.stored
    totals.duplicate += batch.duplicate
    totals.refused += batch.refused
    totals.quarantined += batch.quarantined
    totals.bytes += batch.received_bytes
    if ((batch.last_received_at ?? '') > totals.last) totals.last = batch.last_received_at ?? ''
  }
  return totals
}

function summaryOf(sources: number, held: number, running: number): string {
  const waiting = held > 0 ? `${plural(held, 'image')} ${held === 1 ? 'waits' : 'wait'} for a decision` : 'nothing waits for a decision'
  return `${plural(sources, 'source')} may send. ${running > 0 ? `${plural(running, 'import')} under way; ` : ''}${waiting}.`.replace(/^no/, 'No')
}
