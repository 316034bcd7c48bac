import { useEffect, useSyncExternalStore } from 'react'
import { Segmented } from '@/components/Segmented'
import { useKeys } from '@/keys/useKeys'
import type { PanelProps } from '../panels'
import { Answers } from './Answers'
import { GradeGrid } from './GradeGrid'
import classes from './grading.module.css'
import { gradingOf, type Grading } from './grading'
import { Heights } from './Heights'

/** Grades by keys: the arrows move the cell, the pictures follow, a digit answers and steps on. */
export function GradesPanel(props: PanelProps) {
  const { room, session } = props
  const grading = gradingOf(room)
  const view = useSyncExternalStore(grading.subscribe, grading.getView)
  const { tasks, task } = grading
  useGradeKeys(grading)
  useEffect(() => grading.follow(), [grading])
  if (!tasks.length || !task) return <p className={classes['hint']}>This protocol grades nothing on these pictures.</p>
  if (!grading.bodies.length) return <p className={classes['hint']}>Grades hang on the levels. Draw a vertebra, or take the model’s proposal, and they appear here.</p>
  return (
    <div className={classes['panel']}>
      {tasks.length > 1 && <Segmented label="What is graded" value={task.id} segments={tasks.map(({ id, label }) => ({ value: id, label }))} onChange={(id) => grading.choose(id)} />}
      <GradeGrid grading={grading} task={task} view={view} grades={session.grades} />
      {task.id === 'bodies' && <Heights {...props} grading={grading} />}
      <Answers grading={grading} canWrite={session.phase.kind === 'ready'} evidence={props.view.sureness.grades} />
    </div>
  )
}

/** Heard while the tab is open; Q, W, N and the tools keep their keys. */
function useGradeKeys(grading: Grading) {
  useKeys({
    'read.slice.previous': () => grading.move(-1, 0),
    'read.slice.next': () => grading.move(1, 0),
    'read.cell.left': () => grading.move(0, -1),
    'read.cell.right': () => grading.move(0, 1),
    'read.accept': { down: () => grading.confirm() },
    'read.reject': { down: () => grading.clear() },
    'read.grade.0': { down: () => grading.press('0') },
    'read.grade.1': { down: () => grading.press('1') },
    'read.grade.2': { down: () => grading.press('2') },
    'read.grade.3': { down: () => grading.press('3') },
    'read.grade.4': { down: () => grading.press('4') },
    'read.grade.5': { down: () => grading.press('5') },
    'read.grade.6': { down: () => grading.press('6') },
    'read.grade.7': { down: () => grading.press('7') },
    'read.second.0': { down: () => grading.pressSecond('0') },
    'read.second.1': { down: () => grading.pressSecond('1') },
    'read.second.2': { down: () => grading.pressSecond('2') },
    'read.second.3': { down: () => grading.pressSecond('3') },
  })
}
