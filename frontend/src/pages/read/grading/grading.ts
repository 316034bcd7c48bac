/** Grading one case: where the cell is, what a key does there, and the pictures that follow. */
import { missingOf, type Cell, type Grade, type GradeSet } from '@/geometry/grades'
import type { Body } from '@/geometry/numbering'
import { suiting } from '@/state/forms'
import type { Step } from '@/state/session'
import type { Room } from '../room'
import { answerOf, applies, cellName, gradeAt, normalOf, siteOf, tasksOf, type Column, type Row, type Task } from './columns'
import { placeOf } from './places'

export interface GradingView {
  readonly task: Task['id']
  readonly row: number
  readonly column: number
}

export class Grading {
  private view: GradingView = { task: 'stenosis', row: 0, column: 0 }
  private readonly listeners = new Set<() => void>()

  constructor(private readonly room: Room) {}

  getView = (): GradingView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private set(change: Partial<GradingView>): void {
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }

  get bodies(): readonly Body[] {
    return this.room.session.shownLadder().bodies
  }

  get tasks(): Task[] {
    const { forms, case: info } = this.room.session.getView()
    return tasksOf(suiting(forms, info), this.bodies)
  }

  get task(): Task | null {
    const { tasks } = this
    return tasks.find(({ id }) => id === this.view.task) ?? tasks[0] ?? null
  }

  get cell(): { row: Row; column: Column; grade: Grade | null } | null {
    const row = this.task?.rows[this.view.row]
    const column = this.task?.columns[this.view.column]
    return row && column ? { row, column, grade: gradeAt(this.room.session.getView().grades, row, column) } : null
  }

  choose(task: Task['id']): void {
    this.set({ task, row: 0, column: 0 })
  }

  /** Put the cell somewhere; the pictures go to its level and side. */
  go(row: number, column: number): void {
    this.set({ row, column })
    this.follow()
  }

  goToCell({ form, site }: Cell): void {
    for (const task of this.tasks)
      for (const [r, row] of task.rows.entries())
        for (const [c, column] of task.columns.entries())
          if (column.form.code === form && siteOf(row, column) === site) {
            this.set({ task: task.id })
            this.go(r, c)
            return
          }
  }

  follow(): void {
    const { cell } = this
    const place = cell && placeOf(this.room.session, this.bodies, cell.row.body, cell.column.form.code, cell.column.part)
    if (!place) return
    // the place is known from one series; the pictures that hang may be of others in the same frame of reference
    const { session } = this.room
    const frame = session.manifest(place.stack)?.frameOfReferenceUID
    const hung = this.room.getView().panes.map((pane) => pane.stack).find((stack) => stack === place.stack || session.manifest(stack)?.frameOfReferenceUID === frame)
    this.room.goTo({ ...place, stack: hung ?? place.stack })
  }

  move(down: number, right: number): void {
    const { task } = this
    if (!task?.rows.length) return
    const row = Math.max(0, Math.min(task.rows.length - 1, this.view.row + down))
    const column = Math.max(0, Math.min(task.columns.length - 1, this.view.column + right))
    this.go(row, column)
  }

  /** The next cell of the walk: along the level, then down. Stands still on the last. */
  private step(): void {
    const { task } = this
    if (!task) return
    const count = task.columns.length
    for (let at = this.view.row * count + this.view.column + 1; at < task.rows.length * count; at += 1) {
      const row = task.rows[Math.floor(at / count)]
      const column = task.columns[at % count]
      if (!row || !column || !applies(row, column, this.bodies)) continue
      this.go(Math.floor(at / count), at % count)
      return
    }
    this.room.notify('That was the last cell', this.openWords(), 'info')
  }

  private openWords(): string {
    const { grades } = this.room.session.getView()
    const { task } = this
    const open = task?.rows.flatMap((row) => task.columns.filter((column) => applies(row, column, this.bodies) && gradeAt(grades, row, column)?.status !== 'confirmed')).length ?? 0
    return open ? `${open} of this grid are not graded.` : 'Every cell of this grid is graded.'
  }

  /** A digit: the answer with this key, and on to the next cell. */
  press(key: string): void {
    const { cell } = this
    const answer = cell?.column.form.values.find((value) => value.key === key)
    if (!cell || !answer) {
      if (cell) this.room.notify('No such answer', `${cell.column.form.title} takes ${cell.column.form.values.map((value) => value.key).join(', ')}.`, 'attn')
      return
    }
    this.give(answer.value)
  }

  /** Answer the cell and step on. */
  give(value: string, modifiers?: Readonly<Record<string, string>>): void {
    const { cell } = this
    if (!cell || !applies(cell.row, cell.column, this.bodies)) return
    const word = answerOf(cell.column.form, value)?.label ?? value.replace('_', ' ')
    const done = this.write(`${cellName(cell.column.form, siteOf(cell.row, cell.column), this.bodies)}: ${word}`, [{ form: cell.column.form.code, site: siteOf(cell.row, cell.column), value, ...(modifiers ? { modifiers } : {}) }])
    if (done) this.step()
  }

  /** Shift and a digit: the second scale of the task. */
  pressSecond(key: string): void {
    const { cell, task } = this
    if (!cell || !task) return
    if (task.id === 'stenosis' && key === '1') this.restNormal()
    else if (task.id === 'discs') this.modic(cell.row, key)
    else if (task.id === 'bodies') this.modify(cell, key)
  }

  /** Everything of this level that is not answered yet is normal. */
  restNormal(): void {
    const { task, cell } = this
    if (!task || !cell) return
    const { grades } = this.room.session.getView()
    const open = task.columns.filter((column) => applies(cell.row, column, this.bodies) && gradeAt(grades, cell.row, column)?.status !== 'confirmed')
    const set = open.flatMap((column) => {
      const value = normalOf(column.form)
      return value === null ? [] : [{ form: column.form.code, site: siteOf(cell.row, column), value }]
    })
    if (set.length && this.write(`Rest of ${cell.row.name} normal`, set)) this.go(Math.min(task.rows.length - 1, this.view.row + 1), 0)
  }

  /** Modic of both endplates at once, then the next level. */
  private modic(row: Row, key: string): void {
    const form = this.room.session.getView().forms.get('modic')
    const answer = form?.values.find((value) => value.key === key)
    if (!form || !answer) return
    const set = ['/disc/upper', '/disc/lower'].map((part) => ({ form: form.code, site: `${row.body.id}${part}`, value: answer.value }))
    this.write(`${row.name} Modic ${answer.label}`, set)
  }

  /** The shape of a fracture stands beside its grade. */
  private modify({ row, column, grade }: { row: Row; column: Column; grade: Grade | null }, key: string): void {
    const modifier = column.form.modifiers?.[0]
    const choice = modifier?.values[Number(key) - 1]
    if (!modifier || !choice) return
    if (grade?.status !== 'confirmed') {
      this.room.notify('Grade it first', `${modifier.title} goes with a grade.`, 'attn')
      return
    }
    this.write(`${row.name} ${column.form.title} ${choice.label}`, [{ form: column.form.code, site: siteOf(row, column), value: grade.value, modifiers: { ...grade.modifiers, [modifier.code]: choice.value } }])
  }

  /** Enter: what the model proposed is right; a cell without a proposal is only stepped over. */
  confirm(): void {
    const { cell } = this
    if (cell?.grade?.status === 'proposed') this.give(cell.grade.value, cell.grade.modifiers)
    else this.step()
  }

  /** Backspace: the cell is not graded again. */
  clear(): void {
    const { cell } = this
    if (!cell?.grade) return
    const what = cellName(cell.column.form, siteOf(cell.row, cell.column), this.bodies)
    this.perform(`${what} cleared`, { kind: 'grades', clear: [{ form: cell.column.form.code, site: siteOf(cell.row, cell.column) }] })
  }

  /** Many cells at once, as one step to undo. */
  write(label: string, set: readonly GradeSet[]): boolean {
    return this.perform(label, { kind: 'grades', set })
  }

  private perform(label: string, step: Step): boolean {
    const { session } = this.room
    if (!session.canWrite) {
      this.room.notify('Not graded', 'This case is open for reading only.', 'attn')
      return false
    }
    // a site hangs on a body of the ladder: the one that the masks imply is written down first
    session.perform(label, [...session.numbering.written(), step])
    return true
  }

  /** The cells that the protocol wants answered and nobody has confirmed. */
  missing(): Cell[] {
    const { forms, grades, case: info } = this.room.session.getView()
    const required = suiting(forms, info).filter((form) => info?.required.includes(form.code))
    return missingOf(required, this.bodies, grades)
  }

  nameOf({ form, site }: Cell): string {
    const known = this.room.session.getView().forms.get(form)
    return known ? cellName(known, site, this.bodies) : form
  }

  /** [confirmed, all] cells of every grid. */
  count(): readonly [number, number] {
    const { grades } = this.room.session.getView()
    const { bodies } = this
    const cells = this.tasks.flatMap((task) => task.rows.flatMap((row) => task.columns.filter((column) => applies(row, column, bodies)).map((column) => gradeAt(grades, row, column)?.status === 'confirmed')))
    return [cells.filter(Boolean).length, cells.length]
  }
}

const rooms = new WeakMap<Room, Grading>()

/** The grading of a room; it lives as long as the room does. */
export const gradingOf = (room: Room): Grading => {
  const known = rooms.get(room) ?? new Grading(room)
  rooms.set(room, known)
  return known
}
