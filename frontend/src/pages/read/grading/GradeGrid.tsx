import { ActionKey } from '@/components/KeyCap'
import { answerOf, applies, gradeAt, shortOf, siteOf, type Task } from './columns'
import classes from './grading.module.css'
import type { Grading, GradingView } from './grading'
import type { Grades } from '@/geometry/grades'

/** Levels down, forms across. A full cell is confirmed by a person, a dashed one is the model's, a dot is not graded. */
export function GradeGrid({ grading, task, view, grades }: { grading: Grading; task: Task; view: GradingView; grades: Grades }) {
  const { bodies } = grading
  return (
    <div className={classes['grid']} role="grid" aria-label={`${task.label} grades`} style={{ gridTemplateColumns: `54px repeat(${task.columns.length}, minmax(0, 1fr))` }}>
      <div role="row" className={classes['line']}>
        <i role="columnheader" aria-label="Level" />
        {task.columns.map((column) => (
          <i key={column.title} role="columnheader">
            {column.title}
          </i>
        ))}
      </div>
      {task.rows.map((row, r) => (
        <div role="row" key={row.body.id} className={classes['line']}>
          <b role="rowheader">{row.name}</b>
          {task.columns.map((column, c) => {
            const grade = gradeAt(grades, row, column)
            const state = !applies(row, column, bodies) ? 'none' : (grade?.status ?? 'open')
            const isHere = view.row === r && view.column === c
            const words = grade ? `${answerOf(column.form, grade.value)?.label ?? grade.value.replace('_', ' ')}${Object.values(grade.modifiers).map((value) => `, ${value}`).join('')}` : ''
            const said = { confirmed: `graded ${words}`, proposed: `the model proposes ${words}, not confirmed`, open: 'not graded', none: 'not asked here' }[state]
            return (
              <button
                key={column.title}
                type="button"
                role="gridcell"
                tabIndex={isHere ? 0 : -1}
                className={classes['cell']}
                data-state={state}
                data-here={isHere || undefined}
                data-site={siteOf(row, column)}
                aria-selected={isHere}
                aria-label={`${row.name} ${column.title}: ${said}`}
                title={grade?.status === 'confirmed' ? `${words}, ${grade.by === 'you' ? 'by you' : 'by its reader'}${grade.at ? `, ${new Date(grade.at).toLocaleString('en-GB')}` : ''}` : said}
                disabled={state === 'none'}
                onClick={(event) => {
                  event.currentTarget.blur()
                  grading.go(r, c)
                }}
              >
                {state === 'open' ? '·' : grade && state !== 'none' ? shortOf(column.form, grade.value) : ''}
                {grade && Object.keys(grade.modifiers).length > 0 && <small>{Object.values(grade.modifiers)[0]?.[0]}</small>}
              </button>
            )
          })}
        </div>
      ))}
      <p className={classes['legend']}>
        <span data-state="confirmed" /> confirmed <span data-state="proposed" /> proposed by the model <span data-state="open">·</span> not graded
        {task.id === 'stenosis' && (
          <>
            {' '}
            <ActionKey action="read.second.1" /> rest of the level normal
          </>
        )}
      </p>
    </div>
  )
}
