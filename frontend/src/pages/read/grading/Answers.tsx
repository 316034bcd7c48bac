import { ActionKey } from '@/components/KeyCap'
import { ACTIONS, type ActionId } from '@/keys/map'
import { answerOf, cellName, siteOf } from './columns'
import classes from './grading.module.css'
import type { Evidence } from '../doubts'
import type { Grading } from './grading'
import { Picture } from './Picture'

const keyOf = (key: string | undefined): ActionId | null => {
  const id = `read.grade.${key ?? ''}`
  return id in ACTIONS ? (id as ActionId) : null
}

/** What the cell in hand can be answered with: key, picture, words. */
export function Answers({ grading, canWrite, evidence }: { grading: Grading; canWrite: boolean; evidence: ReadonlyMap<string, Evidence> }) {
  const { cell } = grading
  if (!cell) return null
  const { form } = cell.column
  const modifier = form.modifiers?.[0]
  const why = evidence.get(`${form.code} ${siteOf(cell.row, cell.column)}`)
  const giveFrom = (button: HTMLButtonElement, value: string) => {
    button.blur()
    grading.give(value)
  }
  return (
    <section className={classes['answers']} aria-label={`Answers of ${form.title}`}>
      <h3>
        {cellName(form, siteOf(cell.row, cell.column), grading.bodies)}
        <span className="spread" />
        <span className="t3">{cell.grade ? (cell.grade.status === 'proposed' ? `proposed: ${answerOf(form, cell.grade.value)?.label ?? ''}` : '') : 'not graded'}</span>
      </h3>
      {why && (
        <p className={classes['why']} role="note" aria-label="Why the model proposes it">
          The model proposes <b>{answerOf(form, why.value)?.label ?? why.value}</b>
          {why.confidence !== null && ` (confidence ${why.confidence.toFixed(2)})`}: {why.reason}.
        </p>
      )}
      <ul>
        {form.values.map((value) => {
          const action = keyOf(value.key)
          return (
            <li key={value.value}>
              <button type="button" className={classes['answer']} disabled={!canWrite} data-on={cell.grade?.value === value.value ? cell.grade.status : undefined} onClick={(event) => giveFrom(event.currentTarget, value.value)}>
                {action && <ActionKey action={action} />}
                <Picture form={form.code} value={value.value} label={value.label} />
                <span>
                  <b>{value.label}</b> <span className="t2">{value.text}</span>
                </span>
              </button>
            </li>
          )
        })}
      </ul>
      {modifier && (
        <p className={classes['second']}>
          {modifier.title}:{' '}
          {modifier.values.map((value, i) => (
            <span key={value.value}>
              {i < 3 && <ActionKey action={`read.second.${i + 1}` as ActionId} />} {value.label}
            </span>
          ))}
        </p>
      )}
      <p className={classes['second']}>
        <button type="button" className={classes['plain']} disabled={!canWrite} onClick={() => grading.give('not_assessable')}>
          cannot be assessed
        </button>
        <button type="button" className={classes['plain']} disabled={!canWrite} onClick={() => grading.give('not_present')}>
          not present
        </button>
        <button type="button" className={classes['plain']} disabled={!canWrite || !cell.grade} onClick={() => grading.clear()}>
          <ActionKey action="read.reject" /> clear
        </button>
      </p>
    </section>
  )
}
