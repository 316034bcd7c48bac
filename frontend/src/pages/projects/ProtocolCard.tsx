import { useState } from 'react'
import type { Protocol, Structure } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Facts } from '@/components/Facts'
import { plural } from '@/components/format'
import { EmptyState, ErrorState, LoadingRows } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { useMay } from '@/state/account'
import { READING_MODES, REVIEW_RULES, useProtocols, useSchemas } from '@/state/protocol'
import { colourOf, nameOf, orderOf } from '@/state/structure'
import { ProtocolDialog } from './ProtocolDialog'
import classes from './Projects.module.css'

/** What the project labels: schema, structures, reading mode. */
export function ProtocolCard({ slug, may }: { slug: string; may: boolean }) {
  const { data: protocols, isPending, error, refetch } = useProtocols(slug, may)
  const { data: schemas } = useSchemas(may)
  if (!may) return null
  return (
    <Card title="Protocol" note="what is labelled, and how it is read">
      {isPending && <LoadingRows what="the protocol" rows={3} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {protocols?.length === 0 && <EmptyState why="No protocol yet." who="Without one, studies that arrive become no cases. A data manager makes it." />}
      {protocols?.map((protocol) => {
        const schema = schemas?.find(({ id }) => id === protocol.schema)
        return <ProtocolFacts key={protocol.id} protocol={protocol} schema={schema ? `${schema.name} ${schema.version}` : ''} structures={schema?.structures ?? []} />
      })}
    </Card>
  )
}

function ProtocolFacts({ protocol, schema, structures }: { protocol: Protocol; schema: string; structures: readonly Structure[] }) {
  const chosen = structures.filter(({ code }) => protocol.structures.includes(code)).sort((a, b) => orderOf(a.code) - orderOf(b.code))
  const tasks = protocol.recipe['tasks']
  const [changing, setChanging] = useState(false)
  const mayManage = useMay('project.manage')
  return (
    <>
      <Facts
        facts={[
          [
            'Name',
            <span className="row">
              {protocol.name}{' '}
              <StatePill tone={protocol.is_active ? 'ok' : 'idle'} bare>
                {protocol.is_active ? 'In force' : 'At rest'}
              </StatePill>
            </span>,
          ],
          ['Schema', schema],
          ['Tasks', Array.isArray(tasks) && tasks.length > 0 ? tasks.map(String).join(', ') : 'segmentation'],
          ['Reading', READING_MODES[protocol.reading_mode] ?? protocol.reading_mode],
          ['Readers', protocol.readers === 1 ? '1 per case' : `${protocol.readers} per case, who do not see each other`],
          ['Second look', REVIEW_RULES[protocol.review] ?? protocol.review],
          ['Version', String(protocol.version)],
          ['Structures', plural(protocol.structures.length, 'structure')],
        ]}
      />
      {mayManage && (
        <Button size="compact" onClick={() => setChanging(true)}>
          Change how cases are read
        </Button>
      )}
      {changing && <ProtocolDialog protocol={protocol} onClose={() => setChanging(false)} />}
      <div className={classes['structures']}>
        {chosen.map(({ code, name, category }) => (
          <span key={code} className={classes['chip']} title={name}>
            <i className={classes['swatch']} style={{ background: colourOf(code, category) }} aria-hidden="true" />
            {nameOf(code)}
          </span>
        ))}
      </div>
    </>
  )
}
