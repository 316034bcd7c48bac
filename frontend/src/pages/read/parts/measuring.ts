import { ApiError } from '@/api/client'
import { measured, type DefinitionId, type Measurement, type MeasurementFields } from '@/geometry/measurement'
import { Refused, sequence, type Ladder } from '@/geometry/numbering'
import { facing, groundOf, LANDMARKS, type Landmark } from '@/geometry/placing'
import type { Step } from '@/state/session'
import { platesGet, type BodyPlates } from '@/state/plates'
import { nameOf } from '@/state/structure'
import type { PointerPlace, Projection } from '@/viewer/layers'
import { measureLayer } from '../measure/layer'
import { MeasureStore, type Placing, type Selection } from '../measure/store'
import { whyOutside } from '../measure/region'
import { pointOf, pointsOf, worldOf } from '../measure/seeing'
import { measureTool } from '../measure/tool'
import { mainText, titleOf } from '../measure/words'
import type { RoomCore } from './core'

export const TOOL = 'measure.'
const DEFINITION_IDS = Object.keys(LANDMARKS) as DefinitionId[]

/** Measurements in the reader's hand: put down by clicks, moved by their handles or by keys, kept in the log like strokes. */
export class Measuring {
  readonly store = new MeasureStore()
  private plates = new Map<string, BodyPlates>()
  private readonly panes = new Map<string, Projection>()

  constructor(private readonly core: RoomCore) {
    core.viewer.layers.add(measureLayer(this))
    for (const definition of DEFINITION_IDS) core.viewer.tools.add(measureTool(this, definition))
    this.store.subscribe(() => core.viewer.layers.redraw())
    let known = core.session.getView().measurements
    core.session.subscribe(() => {
      const { measurements } = core.session.getView()
      if (measurements === known) return
      known = measurements
      core.viewer.layers.redraw()
    })
  }

  // what there is

  get items(): readonly Measurement[] {
    const { draft } = this.store.get()
    const { measurements } = this.core.session.getView()
    return draft ? [...measurements.filter((item) => item.id !== draft.id), draft] : measurements
  }

  item(id: string): Measurement | undefined {
    return this.items.find((item) => item.id === id)
  }

  get ladder(): Ladder {
    return this.core.session.shownLadder()
  }

  manifestOf = (stack: string) => this.core.session.manifest(stack)

  /** A picture was drawn: the keys move a handle on the one that is looked at. */
  seen(pane: Projection): void {
    this.panes.set(pane.spec.id, pane)
  }

  get selected(): Selection | null {
    const { selected } = this.store.get()
    return selected && this.item(selected.id) ? selected : null
  }

  select(id: string | null, handle: string | null = null): void {
    const item = id === null ? undefined : this.item(id)
    const end = handle?.startsWith('lower') ? 'lower' : 'upper'
    this.store.set({ selected: item ? { id: item.id, handle, end } : null })
  }

  // putting down

  take(definition: DefinitionId): void {
    this.store.set({ placing: null })
    const { store, viewer, notices } = this.core
    const isOn = store.get().tool === TOOL + definition
    const tool = isOn ? 'crosshair' : TOOL + definition
    store.set({ tool })
    viewer.setTool(tool)
    if (isOn) return
    store.set({ panel: 'measurements' })
    const [first] = LANDMARKS[definition]
    notices.notify('Measure', first ? `Point at: ${first.words}.` : 'Click round the area; Enter closes it.', 'info')
  }

  /** The landmark that the next click sets. */
  wanted(placing: Placing): Landmark | null {
    return LANDMARKS[placing.definition].find(({ name }) => !(name in placing.points) && !placing.skipped.includes(name)) ?? null
  }

  begin(definition: DefinitionId, at: PointerPlace, pane: Projection): Placing | null {
    const manifest = this.manifestOf(pane.spec.stack)
    if (!manifest) return null
    if (!this.core.session.canWrite) {
      this.core.notices.notify('Nothing measured', 'This case is open for reading only.', 'attn')
      return null
    }
    const ground = groundOf(manifest, pane.grid.isInPatient, at.index[2], at.index[1])
    if ('refused' in ground) {
      this.core.notices.notify('Nothing measured', ground.refused, 'attn')
      return null
    }
    const slice = manifest.slices[pane.axis === 0 ? pane.slice : 0]?.key ?? ''
    return { id: crypto.randomUUID(), definition, stack: pane.spec.stack, slice, ground, points: {}, listed: [], skipped: [] }
  }

  /** Set the next point. Returns what it was called, or null when it cannot be set here. */
  put(at: PointerPlace, pane: Projection, definition: DefinitionId): string | null {
    const { placing: before } = this.store.get()
    const isOther = before?.definition !== definition || before.stack !== pane.spec.stack
    const placing = isOther ? this.begin(definition, at, pane) : before
    if (!placing) return null
    if (!this.staysInside(placing, at)) return null
    const point = pointOf(placing.ground.frame, at)
    const wanted = this.wanted(placing)
    if (definition === 'area') this.store.set({ placing: { ...placing, listed: [...placing.listed, point] } })
    else if (wanted) this.store.set({ placing: { ...placing, points: { ...placing.points, [wanted.name]: point } } })
    return wanted?.name ?? String(placing.listed.length)
  }

  private staysInside(placing: Placing, at: PointerPlace): boolean {
    const placed = [...placing.listed, ...Object.values(placing.points)]
    const refused = whyOutside(this.manifestOf(placing.stack), placing.ground.source, [...placed, pointOf(placing.ground.frame, at)])
    if (refused) this.core.notices.notify('Nothing measured', refused, 'attn')
    return !refused
  }

  /** Move a point that was just set. False where it may not stand: it stays where it was. */
  movePut(name: string, at: PointerPlace): boolean {
    const { placing } = this.store.get()
    if (!placing || !this.staysInside(placing, at)) return false
    const point = pointOf(placing.ground.frame, at)
    if (placing.definition === 'area') this.store.set({ placing: { ...placing, listed: [...placing.listed.slice(0, Number(name)), point, ...placing.listed.slice(Number(name) + 1)] } })
    else this.store.set({ placing: { ...placing, points: { ...placing.points, [name]: point } } })
    return true
  }

  /** A drag ended where nothing is measured: what it put down goes. */
  takeBack(names: readonly (string | null)[]): void {
    const { placing } = this.store.get()
    if (!placing) return
    const points = Object.fromEntries(Object.entries(placing.points).filter(([name]) => !names.includes(name)))
    const listed = placing.listed.filter((_, i) => !names.includes(String(i)))
    this.store.set({ placing: Object.keys(points).length || listed.length ? { ...placing, points, listed } : null })
  }

  /** A click is done: keep the measurement when it is whole, and what is known of a balance at every landmark. */
  settle(): void {
    const { placing } = this.store.get()
    if (!placing) return
    const wanted = this.wanted(placing)
    const hasPlate = 's1_anterior' in placing.points
    if (placing.definition === 'area') return
    if (!wanted) {
      this.store.set({ placing: null })
      this.keep(placing)
    } else if (placing.definition === 'sagittal_balance' && hasPlate) this.keep(placing)
  }

  /** Leave out the landmark that is asked for, or close an area. */
  enter(): boolean {
    const { placing } = this.store.get()
    if (!placing) return this.confirm()
    if (placing.definition === 'area') {
      this.store.set({ placing: null })
      if (placing.listed.length >= 3) this.keep(placing)
      return true
    }
    return false
  }

  skip(): void {
    const { placing } = this.store.get()
    const wanted = placing && this.wanted(placing)
    if (!placing || !wanted) return
    const family = wanted.name.replace(/_(\d|posterior|anterior)$/, '')
    this.store.set({ placing: { ...placing, skipped: [...placing.skipped, ...LANDMARKS[placing.definition].map(({ name }) => name).filter((name) => name.startsWith(family) && !(name in placing.points))] } })
    this.settle()
  }

  cancel(): boolean {
    const { placing, selected } = this.store.get()
    if (placing) {
      this.store.set({ placing: null })
      return true
    }
    if (selected) {
      this.store.set({ selected: null })
      return true
    }
    return false
  }

  private keep(placing: Placing): void {
    const { definition, ground } = placing
    const points = definition === 'area' ? placing.listed : placing.points
    const frame = facing(definition, ground.frame, placing.points)
    const before = this.item(placing.id)
    const levels = definition === 'cobb' ? this.defaultLevels() : []
    const fields: MeasurementFields = { ...before, id: placing.id, definition, frame, points, calibration: { source: ground.source }, stack: placing.stack, slice: placing.slice, ...(before ? {} : { levels }) }
    if (this.write(before ? 'Landmark set' : 'Measured', fields)) this.select(placing.id)
  }

  /** A second curve begins at the vertebra where the one above it ended. */
  private defaultLevels(): string[] {
    const above = this.items.filter((item) => item.definition === 'cobb' && item.levels?.length === 2).at(-1)
    const shared = above?.levels?.[1]
    return shared === undefined ? [] : [shared, shared]
  }

  // changing

  /** Write a measurement into the log, as one step with the ladder it hangs on. Says why when it cannot be. */
  write(label: string, fields: MeasurementFields): boolean {
    return this.perform(label, [fields], [])
  }

  private perform(label: string, set: readonly MeasurementFields[], remove: readonly string[]): boolean {
    const { session, notices } = this.core
    if (!session.canWrite) {
      notices.notify('Nothing measured', 'This case is open for reading only.', 'attn')
      return false
    }
    const written: readonly Step[] = set.some((fields) => fields.bodies?.length) ? session.numbering.written() : []
    const bodies = new Set(this.ladder.bodies.map((body) => body.id))
    try {
      const whole = set.map((fields) => measured(fields, bodies))
      const named = whole.length === 1 && whole[0] ? `${label}: ${titleOf(whole[0], this.ladder)} ${whole[0].definition === 'sagittal_balance' ? '' : mainText(whole[0])}`.trim() : label
      session.perform(named, [...written, { kind: 'measurements', set: set.map(sent), remove }])
      return true
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      notices.notify('Not measured', error.message, 'attn')
      return false
    }
  }

  remove(id: string): void {
    const item = this.item(id)
    if (item) this.perform(`${titleOf(item, this.ladder)} deleted`, [], [id])
  }

  /** What the model's masks proposed becomes the reader's own. */
  confirm(): boolean {
    const item = this.selected && this.item(this.selected.id)
    if (item?.status !== 'proposed') return false
    return this.write('Confirmed', { ...item, status: 'confirmed' })
  }

  confirmAll(): void {
    const open = this.items.filter((item) => item.status === 'proposed')
    if (open.length) this.perform(`${open.length} measurements confirmed`, open.map((item) => ({ ...item, status: 'confirmed' as const })), [])
  }

  setLevels(item: Measurement, levels: readonly string[]): void {
    this.write('Named', { ...item, levels })
  }

  setCurve(item: Measurement, curve: Measurement['curve']): void {
    this.write('Named', { ...item, curve: curve ?? null })
  }

  /** Show a measurement as it would be with points moved; null goes back to how it stands. */
  drag(item: Measurement | null, moved: Readonly<Record<string, readonly number[]>> = {}): void {
    if (!item) {
      this.store.set({ draft: null })
      return
    }
    const fields = this.moved(item, moved)
    if (this.isOutside(fields)) {
      this.store.set({ draft: null })
      return
    }
    const draft = this.tried(fields)
    if (draft) this.store.set({ draft })
  }

  /** Whether a point would stand where nothing is measured; says so. */
  private isOutside(fields: MeasurementFields): boolean {
    const { named, listed } = pointsOf(fields)
    const refused = whyOutside(this.manifestOf(fields.stack ?? ''), fields.calibration.source, [...listed, ...Object.values(named)])
    if (refused) this.core.notices.notify('Not moved', refused, 'attn')
    return Boolean(refused)
  }

  drop(): void {
    const { draft } = this.store.get()
    this.store.set({ draft: null })
    if (draft) this.write('Moved', draft)
  }

  private moved(item: Measurement, moved: Readonly<Record<string, readonly number[]>>): MeasurementFields {
    const { named, listed } = pointsOf(item)
    const points = listed.length ? listed.map((point, i) => moved[String(i)] ?? point) : { ...named, ...moved }
    return { ...item, points, status: 'confirmed', frame: facing(item.definition, item.frame, Array.isArray(points) ? {} : points) }
  }

  private tried(fields: MeasurementFields): Measurement | null {
    try {
      return measured(fields, new Set(this.ladder.bodies.map((body) => body.id)))
    } catch {
      return null
    }
  }

  // keys

  /** The next point of the selected measurement, or of the first one. */
  nextHandle(by: 1 | -1): void {
    const item = (this.selected && this.item(this.selected.id)) ?? this.items[0]
    if (!item) return
    const { named, listed } = pointsOf(item)
    const names = listed.length ? listed.map((_, i) => String(i)) : LANDMARKS[item.definition].map(({ name }) => name).filter((name) => name in named)
    const at = this.selected?.handle ? names.indexOf(this.selected.handle) : by > 0 ? -1 : 0
    this.select(item.id, names[(at + by + names.length) % names.length] ?? null)
  }

  /** An arrow key, in pixels of the screen. False when nothing is selected that arrows move. */
  arrow(dx: number, dy: number): boolean {
    const { selected } = this
    const item = selected && this.item(selected.id)
    if (!selected || !item) return false
    if (selected.handle !== null) {
      this.nudge(item, selected.handle, dx, dy)
      return true
    }
    if (item.definition !== 'cobb') return false
    if (dx) this.store.set({ selected: { ...selected, end: selected.end === 'upper' ? 'lower' : 'upper' } })
    else this.moveEnd(item, selected.end, dy > 0 ? 1 : -1)
    return true
  }

  private nudge(item: Measurement, handle: string, dx: number, dy: number): void {
    const pane = this.panes.get(this.core.store.get().activePane)
    const { named, listed } = pointsOf(item)
    const point = listed.length ? listed[Number(handle)] : named[handle]
    if (!pane || !point) return
    const [x, y] = pane.toCanvas(worldOf(item, point, pane.grid, this.manifestOf(item.stack ?? '')))
    const from = { point: pane.toWorld(x, y), index: pane.toIndex(x, y) }
    const to = { point: pane.toWorld(x + dx, y + dy), index: pane.toIndex(x + dx, y + dy) }
    // only what the key moved: a point keeps its depth when it is nudged on another slice
    const shift = pointOf(item.frame, to).map((value, i) => value - (pointOf(item.frame, from)[i] ?? 0))
    const fields = this.moved(item, { [handle]: point.map((value, i) => Math.round((value + (shift[i] ?? 0)) * 100) / 100) })
    if (!this.isOutside(fields)) this.write('Nudged', fields)
  }

  /** The end vertebra of a curve becomes its neighbour: its plate by the masks, or, on a film, its name. */
  moveEnd(item: Measurement, end: 'upper' | 'lower', by: 1 | -1): void {
    const at = end === 'upper' ? 0 : 1
    if (item.bodies?.length === 2) {
      const chain = this.ladder.bodies
      const next = chain[chain.findIndex((body) => body.id === item.bodies?.[at]) + by]
      const plates = next && this.plates.get(next.id)?.coronal
      if (!next || !plates) {
        this.core.notices.notify('Not moved', next ? `${nameOf(next.name ?? '?')} has no endplate in the masks. Propose from the masks again, or move the handles.` : 'The ladder ends here.', 'attn')
        return
      }
      const [one, two] = plates[end]
      const { named } = pointsOf(item)
      const bodies = item.bodies.map((id, i) => (i === at ? next.id : id))
      this.write('End vertebra', { ...item, bodies, status: 'confirmed', points: { ...named, [`${end}_1`]: one, [`${end}_2`]: two } })
      return
    }
    const names = sequence(this.ladder.variant)
    const levels = item.levels?.length === 2 ? item.levels : [end === 'upper' ? 'T5' : 'T11', 'T11']
    const name = names[Math.max(0, Math.min(names.length - 1, names.indexOf(levels[at] ?? 'T5') + by))]
    if (name !== undefined) this.setLevels(item, levels.map((each, i) => (i === at ? name : each)))
  }

  // from the masks

  /** Ask the server what the masks imply, and put it down as proposals. What was proposed before and not confirmed goes. */
  async propose(): Promise<void> {
    const { session, notices } = this.core
    if (!session.canWrite || this.store.get().isProposing) return
    this.store.set({ isProposing: true })
    this.core.store.set({ panel: 'measurements' })
    try {
      await session.saveNow()
      const found = await platesGet(session.annotationId)
      this.plates = new Map(found.bodies.map((body) => [body.id, body]))
      const old = session.getView().measurements.filter((item) => item.status === 'proposed').map((item) => item.id)
      const known = new Set(this.ladder.bodies.map((body) => body.id))
      const fresh = found.measurements.filter((item) => (item.bodies ?? []).every((body) => known.has(body))).map((item) => ({ ...item, id: crypto.randomUUID() }))
      const words = found.bodies.length ? `${found.bodies.length} bodies looked at.` : 'No mask shows a whole vertebra: place the points by hand.'
      if (fresh.length || old.length) this.perform(`${fresh.length} measurements proposed`, fresh, old)
      notices.notify(fresh.length ? `${fresh.length} proposed` : 'Nothing to propose', fresh.length ? `${words} Enter confirms the selected one.` : found.bodies.length ? `${words} No curve of 10°, no slip.` : words, 'info')
      if (fresh[0]) this.select(fresh[0].id)
    } catch (error) {
      notices.notify('Nothing proposed', error instanceof ApiError ? error.message : 'Columna does not answer. Place the points by hand.', 'attn')
    } finally {
      this.store.set({ isProposing: false })
    }
  }

  /** What the tool in hand asks for next, in a few words beside the pointer. */
  prompt(definition: DefinitionId): string {
    const { placing, draft } = this.store.get()
    if (draft) return ''
    const current = placing?.definition === definition ? placing : null
    const wanted = current ? this.wanted(current) : LANDMARKS[definition][0]
    return wanted?.words ?? (current && current.listed.length > 2 ? 'Enter closes the area' : 'click round the area')
  }
}

const sent = ({ id, definition, frame, points, calibration, bodies = [], levels = [], curve = null, stack, slice, status }: MeasurementFields): MeasurementFields => ({
  id,
  definition,
  frame,
  points,
  calibration: { source: calibration.source },
  bodies,
  levels,
  curve,
  ...(stack === undefined ? {} : { stack }),
  ...(slice === undefined ? {} : { slice }),
  status: status ?? 'confirmed',
})
