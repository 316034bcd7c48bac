import { Link } from 'react-router'
import type { Case } from '@/api/types'
import { Confidence } from '@/components/Bar'
import { Glyph } from '@/components/Glyph'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { contentsOf, faceOf, isBegun, isElsewhere, previewOf } from '@/state/case'
import { whyOf, type Sureness } from '@/state/sureness'
import { arrivalWords } from './arrival'
import classes from './Worklist.module.css'

export interface CaseTableProps {
  rows: readonly Case[]
  sureness: ReadonlyMap<string, Sureness>
  skipped: ReadonlyMap<string, string>
  selected: string | null
  onSelect: (id: string) => void
}

export function CaseTable({ rows, sureness, skipped, selected, onSelect }: CaseTableProps) {
  return (
    <Table label="Cases" images>
      <thead>
        <tr>
          <Head number width={36}>
            #
          </Head>
          <Head width={60}>
            <span className="visually-hidden">Preview</span>
          </Head>
          <Head>Case</Head>
          <Head>Task</Head>
          <Head>Model confidence</Head>
          <Head>Doubtful</Head>
          <Head>Why here</Head>
          <Head>State</Head>
        </tr>
      </thead>
      <tbody>
        {rows.map((item, at) => (
          <Row key={item.id} data-row={item.id} selected={item.id === selected} onSelect={() => onSelect(item.id)}>
            <Cell number>
              <span className="t3">{at + 1}</span>
            </Cell>
            <Cell>
              <Face item={item} />
            </Cell>
            <Cell>
              <Link to={`/read/${item.id}`} className={classes['case']}>
                {item.subject}
              </Link>
              <span className="t3">{contentsOf(item.stacks)}</span>
              {item.arrival.state !== 'whole' && <span className={item.arrival.state === 'arriving' ? classes['arriving'] : classes['short']}>{arrivalWords(item.arrival)}</span>}
            </Cell>
            <Cell>{item.protocol.name}</Cell>
            <Model item={item} sureness={sureness.get(item.id)} skipped={skipped.get(item.id) ?? ''} />
            <Cell>
              <CaseState item={item} />
            </Cell>
          </Row>
        ))}
      </tbody>
    </Table>
  )
}

function Face({ item }: { item: Case }) {
  const face = faceOf(item.stacks)
  return face ? <img className={classes['face']} src={previewOf(face.id)} alt="" width={44} height={50} loading="lazy" decoding="async" /> : <span className={classes['face']} />
}

/** What the model says of the case, or why it says nothing. */
function Model({ item, sureness, skipped }: { item: Case; sureness: Sureness | undefined; skipped: string }) {
  if (!sureness)
    return (
      <>
        <Cell>
          <span className="t3">–</span>
        </Cell>
        <Cell>
          <span className="t3">–</span>
        </Cell>
        <Cell>
          <span className={classes['why']} data-quiet>
            {skipped || (item.stacks.length === 0 ? 'Still arriving' : item.state === 'new' ? 'No proposal yet' : '')}
          </span>
        </Cell>
      </>
    )
  return (
    <>
      <Cell>
        <Confidence value={sureness.confidence} />
      </Cell>
      <Cell>
        {sureness.doubtful > 0 ? (
          <span className="attn row nowrap">
            <Glyph name="triangle" size={12} label="Doubtful" /> {sureness.doubtful}
          </span>
        ) : (
          <span className="t2">none</span>
        )}
      </Cell>
      <Cell>
        <span className={classes['why']}>{whyOf(sureness)}</span>
      </Cell>
    </>
  )
}

export function CaseState({ item, bare = true }: { item: Case; bare?: boolean }) {
  if (isElsewhere(item))
    return (
      <StatePill tone="held" bare={bare}>
        Open: another reader
      </StatePill>
    )
  if (isBegun(item))
    return (
      <StatePill tone="busy" bare={bare}>
        {item.annotation && item.annotation.seq > 0 ? `Resume, ${item.annotation.seq} ${item.annotation.seq === 1 ? 'step' : 'steps'}` : 'Open with you'}
      </StatePill>
    )
  const [tone, word] = ({ new: ['idle', 'New'], proposed: ['info', 'Proposed'], open: ['busy', 'Begun'], submitted: ['ok', 'Submitted'], review: ['attn', 'To review'], accepted: ['ok', 'Accepted'] } as const)[item.state]
  return (
    <StatePill tone={tone} bare={bare}>
      {word}
    </StatePill>
  )
}
