import { Glyph } from '@/components/Glyph'
import type { Form } from '@/geometry/grades'
import { answerWords, sidesOf, type Adjudication, type GradeFinding } from '@/state/review'
import { nameOf, orderOf } from '@/state/structure'
import classes from './review.module.css'
import { titleOf } from './words'

const isVertebra = (code: string) => /^([CTL]\d|SAC)/.test(code)

/** The chains of names, one under the other. */
export function LevelChains({ adjudication }: { adjudication: Adjudication }) {
  const chains = sidesOf(adjudication).map((side) => {
    const bodies = adjudication[side]?.ladder.bodies ?? []
    const named = bodies.length ? bodies.map((body) => body.name ?? '?') : (adjudication[side]?.segments ?? []).map((segment) => segment.structure).filter(isVertebra).sort((x, y) => orderOf(x) - orderOf(y))
    return { side, names: named }
  })
  const differ = adjudication.agreement.levels ?? 0
  return (
    <section aria-label="Level numbering">
      <h2>
        Level numbering <span className="spread" />
        {differ > 0 ? (
          <span className="attn">
            <Glyph name="triangle" size={12} /> {differ} differ
          </span>
        ) : (
          <span className="ok">
            <Glyph name="check" size={12} /> the same
          </span>
        )}
      </h2>
      {chains.map(({ side, names }) => (
        <p key={side} className={classes['chain']}>
          <b style={{ color: `var(--reader-${side})` }}>{side.toUpperCase()}</b>
          {names.map((name, i) => (
            <span key={`${name} ${i}`} data-differs={chains.some((chain) => chain.names[i] !== name) || undefined}>
              {nameOf(name)}
            </span>
          ))}
          {names.length === 0 && <span className="t3">none</span>}
        </p>
      ))}
    </section>
  )
}

/** The grades that differ, side by side. */
export function GradesTable({ adjudication, forms }: { adjudication: Adjudication; forms: readonly Form[] }) {
  const found = adjudication.findings.filter((finding): finding is GradeFinding => finding.kind === 'grade')
  return (
    <section aria-label="Grades that differ">
      <h2>
        Grades <span className="spread" />
        {found.length ? (
          <span className="attn">
            <Glyph name="triangle" size={12} /> {found.length} differ
          </span>
        ) : (
          <span className="ok">
            <Glyph name="check" size={12} /> the same
          </span>
        )}
      </h2>
      <ul className={classes['grades']}>
        {found.slice(0, 6).map((finding) => {
          const take = adjudication.picks[finding.id]?.take
          return (
            <li key={finding.id}>
              <span>{titleOf(finding, forms)}</span>
              {sidesOf(adjudication).map((side) => (
                <span key={side} data-on={take === side || undefined} style={{ color: `var(--reader-${side})` }}>
                  {side.toUpperCase()} {answerWords(forms, finding.form, finding[side] ?? null)}
                </span>
              ))}
            </li>
          )
        })}
      </ul>
    </section>
  )
}
