import { Link } from 'react-router'
import type { Case } from '@/api/types'
import { Card } from '@/components/Card'
import { Shares } from '@/components/charts/Shares'
import { Facts } from '@/components/Facts'
import { when } from '@/components/format'
import { Glyph } from '@/components/Glyph'
import { EmptyState } from '@/components/States'
import { faceOf, previewOf, stackWords } from '@/state/case'
import type { Sureness } from '@/state/sureness'
import { arrivalWords } from './arrival'
import { CaseState } from './CaseTable'
import classes from './Worklist.module.css'

const MODES: Readonly<Record<string, string>> = { ai_first: 'AI first', blind_first: 'blind first, then reveal', ai_hidden: 'AI hidden' }

/** The selected case: its picture, why it lies where it lies, what is in it. */
export function NextCard({ item, sureness, first, mayLabel }: { item: Case | null; sureness: Sureness | undefined; first: boolean; mayLabel: boolean }) {
  if (!item)
    return (
      <Card title="Next">
        <EmptyState why="No case to show." />
      </Card>
    )
  const face = faceOf(item.stacks)
  return (
    <Card title={`${first ? 'Next: ' : ''}${item.subject}`} aside={<CaseState item={item} bare={false} />} flush>
      <div className={classes['next']}>
        <div className={classes['well']}>
          {face && <img src={previewOf(face.id)} alt={`Middle slice of ${stackWords(face)}`} />}
          {face && <span className={classes['scrim']}>preview, {stackWords(face)}</span>}
        </div>
        <div className={classes['about']}>
          {sureness && (
            <div>
              <div className={classes['aboutHead']}>
                <h3>Where the model is least sure</h3>
                <span className="micro t3">entropy, 0 sure to 1 guessing</span>
              </div>
              <Shares shares={sureness.places.slice(0, 4).map(({ name, entropy, doubtful }) => ({ name, value: entropy, text: entropy.toFixed(2), tone: doubtful ? 'attn' : 'plain' }))} full={Math.max(0.4, sureness.places[0]?.entropy ?? 0)} />
              {sureness.numbering && <p className={classes['numbering']}>Levels: {sureness.numbering}</p>}
            </div>
          )}
          <Facts
            facts={[
              ['Series', item.stacks.length > 0 ? item.stacks.map(stackWords).join('; ') : 'none is ready yet'],
              ['Task', item.protocol.name],
              ['Assistance', assistanceOf(item, sureness)],
              ['Arrived', when(item.created_at)],
              ['Images', <span className={item.arrival.state === 'whole' ? '' : item.arrival.state === 'arriving' ? 'busy' : 'attn'}>{arrivalWords(item.arrival)}</span>],
              ['Ready', readyOf(item)],
            ]}
          />
          <p className={classes['foot']}>
            {mayLabel ? 'You can leave at any time. Every stroke is kept, and the case waits where you left it.' : <Link to={`/read/${item.id}`}>Look at this case</Link>}
          </p>
        </div>
      </div>
    </Card>
  )
}

function assistanceOf(item: Case, sureness: Sureness | undefined): string {
  const mode = MODES[item.protocol.reading_mode] ?? item.protocol.reading_mode
  return sureness?.model ? `${mode}, model ${sureness.model}` : mode
}

function readyOf({ proposal_revision, stacks, state }: Case) {
  if (stacks.length === 0) return <span className="busy">still arriving</span>
  const proposal = proposal_revision !== null ? 'images and proposal' : state === 'new' ? 'images; no proposal' : 'images'
  return (
    <span className="ok">
      <Glyph name="check" size={12} /> {proposal}
    </span>
  )
}
