import { Button } from '@/components/Button'
import { Glyph } from '@/components/Glyph'
import { ActionKey } from '@/components/KeyCap'
import type { Form } from '@/geometry/grades'
import type { ActionId } from '@/keys/map'
import { takesOf, type Take } from '@/state/review'
import type { Bench, BenchView } from './bench'
import classes from './review.module.css'
import { aboutOf, sizeOf, TAKEN, titleOf } from './words'

const OFFERED: Readonly<Record<Exclude<Take, 'edit'>, readonly [ActionId, string]>> = {
  a: ['review.takeA', 'Take A'],
  b: ['review.takeB', 'Take B'],
  c: ['review.takeC', 'Take C'],
  vote: ['review.takeVote', 'Vote'],
  staple: ['review.takeStaple', 'Weighed vote'],
}

interface Props {
  bench: Bench
  view: BenchView
  forms: readonly Form[]
  mayDraw: boolean
  onEdit: () => void
  onReturn: () => void
}

/** What differs, worst first; the one in hand with its answers, and below what is settled. */
export function Disagreements({ bench, view, forms, mayDraw, onEdit, onReturn }: Props) {
  const { findings, picks, agreement } = view.adjudication
  const rows = findings.map((finding, at) => ({ finding, at, pick: picks[finding.id] }))
  const settled = rows.filter(({ pick }) => pick)
  const reason = view.refused ? 'Not open for writing' : null
  return (
    <aside className={classes['list']} aria-label="Disagreements">
      <h2 className={classes['head']}>
        Disagreements, worst first <span className="spread" />
        <ActionKey action="review.next" /> <span className="t2">next</span>
      </h2>
      <ol className={classes['rows']}>
        {rows
          .filter(({ pick, at }) => !pick || at === view.at)
          .map(({ finding, at, pick }) => (
            <li key={finding.id} className={classes['row']} data-on={at === view.at || undefined}>
              <button type="button" className={classes['rowHead']} aria-current={at === view.at} onClick={() => bench.go(at)}>
                <span className="t3">{at + 1}</span>
                <b>{titleOf(finding, forms)}</b>
                <span className={classes['size']}>{sizeOf(finding, forms)}</span>
              </button>
              {at === view.at && (
                <>
                  <p className="small t2">{aboutOf(finding)}</p>
                  <div className={classes['acts']}>
                    {takesOf(view.adjudication, finding).map(
                      (take) =>
                        take !== 'edit' && (
                          <Button key={take} variant={pick?.take === take ? 'primary' : 'outline'} action={OFFERED[take][0]} reason={reason} reasonPlace="page" onClick={() => void bench.take(take)}>
                            {OFFERED[take][1]}
                          </Button>
                        ),
                    )}
                    <Button action="review.edit" reason={reason ?? (mayDraw ? null : 'Radiologists and adjudicators draw')} reasonPlace="page" onClick={onEdit}>
                      Edit
                    </Button>
                  </div>
                </>
              )}
            </li>
          ))}
      </ol>
      {settled.length > 0 && (
        <>
          <h3 className={classes['group']}>Settled</h3>
          <ol className={classes['rows']}>
            {settled.map(({ finding, at, pick }) => (
              <li key={finding.id} className={classes['row']} data-settled>
                <button type="button" className={classes['rowHead']} onClick={() => bench.go(at)}>
                  <span className="t3">{at + 1}</span>
                  <span>{titleOf(finding, forms)}</span>
                  <span className="ok">
                    <Glyph name="check" size={12} /> {pick ? TAKEN[pick.take] : ''}
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </>
      )}
      <p className={classes['agreed']}>{agreement.agreed ?? 0} structures agree. They are taken as they are and stay visible in the record.</p>
      <div className={classes['foot']}>
        <Button action="review.return" reason={reason} reasonPlace="page" onClick={onReturn}>
          Return to a reader with a note
        </Button>
      </div>
    </aside>
  )
}
