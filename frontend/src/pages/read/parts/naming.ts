import { Refused, sequence, type Body, type Ladder } from '@/geometry/numbering'
import { dot, length, subtract, type Vec3 } from '@/geometry/vector'
import type { Step } from '@/state/session'
import { nameOf } from '@/state/structure'
import type { PointerPlace, Projection } from '@/viewer/layers'
import { pointTool } from '@/viewer/tools'
import { findingsOf, levelTyped, type Said } from '../levels/findings'
import { levelsLayer } from '../levels/layer'
import type { RoomCore } from './core'

/** A click this near to a body's middle means that body, in mm on the picture. */
const NEAR_MM = 14

/** Naming levels: point at a body or walk to it, say one name, and the others follow. */
export class Naming {
  private asked: string | null = null
  private readonly listeners = new Set<() => void>()

  constructor(private readonly core: RoomCore) {
    core.viewer.layers.add(levelsLayer(this))
    core.viewer.tools.add(pointTool('name', (at, pane) => this.point(at, pane)))
    let known = core.session.getView().ladder
    core.session.subscribe(() => {
      const { ladder } = core.session.getView()
      if (ladder !== known) core.viewer.layers.redraw()
      known = ladder
    })
  }

  /** The body whose name is being asked for, or null. */
  getAsked = (): string | null => this.asked

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private ask(body: string | null): void {
    this.asked = body
    this.listeners.forEach((listener) => listener())
  }

  get ladder(): Ladder {
    return this.core.session.shownLadder()
  }

  /** Whether masks show this body in a series: then its name stands beside them already. */
  isDrawn(body: Body, stack: string): boolean {
    return body.segment !== null && (this.core.session.labelmap(stack, 'instances')?.occupied().length ?? 0) > 0
  }

  isHere(body: Body, pane: Projection): boolean {
    return body.point !== null && this.frameOf(body) === pane.frame
  }

  // A point lies in the frame of the series it was put on; what is known of the masks lies in theirs.
  private frameOf(body: Body): string {
    const { manifests } = this.core.session.getView()
    const known = this.placed.get(body.id)
    const shown = known === undefined ? manifests.find((manifest) => manifest.geometry !== null) ?? manifests[0] : this.core.session.manifest(known)
    return shown ? (shown.frameOfReferenceUID ?? `stack:${shown.stack}`) : ''
  }

  private readonly placed = new Map<string, string>()

  /** What is wrong with the numbering now, held against where the masks are. */
  findings(): Said[] {
    return findingsOf(this.ladder, this.core.session.numbering.facts())
  }

  errors(): Said[] {
    return this.ladder.bodies.length ? this.findings().filter(({ severity }) => severity === 'error') : []
  }

  // asking and saying

  /** Ask for the name of the active vertebra, or of the first one. */
  name(): void {
    if (!this.core.session.canWrite) return
    const { active } = this.core.session.getView()
    const { bodies } = this.ladder
    const body = bodies.find((each) => active?.layer === 'instances' && each.segment === active.id) ?? bodies.find((each) => !each.name) ?? bodies[0]
    if (body) this.ask(body.id)
    else this.core.notices.notify('Nothing to name', 'Take the naming tool and point at a vertebra, or draw one.', 'info')
  }

  askFor(body: string): void {
    if (this.core.session.canWrite) this.ask(body)
  }

  cancel(): boolean {
    if (this.asked === null) return false
    this.ask(null)
    return true
  }

  /** The typed name of the body that was asked for; all others follow. Returns why not, or null. */
  say(text: string): string | null {
    const body = this.ladder.bodies.find((each) => each.id === this.asked)
    if (!body) return 'The body is gone.'
    const chain = sequence(this.ladder.variant)
    const name = levelTyped(text, chain)
    if (name === null) return `${text.trim() || 'That'} is no level of this spine. A sixth lumbar or a thirteenth thoracic vertebra needs its variant first.`
    const reason = this.core.session.number(`${nameOf(body.name ?? 'A body')} named ${nameOf(name)}`, { action: 'number', body: body.id, name })
    if (reason) return reason
    this.ask(null)
    this.core.notices.notify(`Named ${nameOf(name)}`, 'The others follow.', 'ok', 'undo')
    return null
  }

  take(): void {
    const { store, viewer, notices } = this.core
    const tool = store.get().tool === 'name' ? 'crosshair' : 'name'
    store.set({ tool })
    viewer.setTool(tool)
    if (tool === 'name') notices.notify('Name levels', 'Click the middle of each vertebra without a name; click a named one to call it otherwise.', 'info')
  }

  private point(at: PointerPlace, pane: Projection): void {
    const { session, notices } = this.core
    if (!session.canWrite) {
      notices.notify('Nothing named', 'This case is open for reading only.', 'attn')
      return
    }
    const body = this.bodyAt(at, pane)
    if (body) {
      if (body.segment !== null) session.activate({ id: body.segment, layer: 'instances' })
      this.ask(body.id)
    } else this.add(at.point, pane)
  }

  private bodyAt(at: PointerPlace, pane: Projection): Body | null {
    const { bodies } = this.ladder
    const labelmap = this.core.session.labelmap(pane.spec.stack, 'instances')
    const [slice, row, column] = at.index.map(Math.round)
    const id = labelmap ? labelmap.slice(slice ?? 0)[(row ?? 0) * labelmap.columns + (column ?? 0)] : 0
    const drawn = bodies.find((body) => body.segment !== null && body.segment === id)
    if (drawn) return drawn
    const away = (body: Body): number => {
      if (!this.isHere(body, pane)) return Infinity
      const from = subtract(body.point as unknown as Vec3, at.point)
      const depth = dot(from, pane.plane.normal)
      return Math.sqrt(Math.max(0, length(from) ** 2 - depth ** 2)) * (pane.grid.isCalibrated ? 1 : 0.5)
    }
    const nearest = [...bodies].sort((a, b) => away(a) - away(b))[0]
    return nearest && away(nearest) < NEAR_MM ? nearest : null
  }

  /** A body that no mask shows: a point on the spine, called as its neighbours imply. */
  private add(point: Vec3, pane: Projection): void {
    const { session, notices } = this.core
    const { ladder } = this
    const body: Body = { id: `p${crypto.randomUUID().slice(0, 12)}`, name: null, segment: null, disc: null, point: point.map((value) => Math.round(value * 10) / 10), unsure: false }
    // up is to the head in the patient, and to the top of a film
    const height = (each: Body): number => (each.point ? (pane.grid.isInPatient ? (each.point[2] ?? 0) : -(each.point[1] ?? 0)) : -Infinity)
    const at = ladder.bodies.findIndex((each) => height(each) < height(body))
    const bodies = at === -1 ? [...ladder.bodies, body] : [...ladder.bodies.slice(0, at), body, ...ladder.bodies.slice(at)]
    const lowest = ladder.bodies.findLast((each) => each.name)
    this.placed.set(body.id, pane.spec.stack)
    const { variant, evidence, unsure } = ladder
    const steps: Step[] = [{ kind: 'ladder', fields: { action: 'set', ladder: { bodies, variant, evidence, unsure } } }]
    // counted from above, the upper names stay; else the lower ones do, as when a mask is found later
    const first = ladder.bodies.find((each) => each.name)
    const anchor = first && bodies.indexOf(first) < bodies.indexOf(body) ? first : lowest
    if (anchor?.name) steps.push({ kind: 'ladder', fields: { action: 'number', body: anchor.id, name: anchor.name } })
    try {
      session.perform('A vertebra pointed at', steps)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      notices.notify('Not added', error.message, 'attn')
      return
    }
    if (!anchor) this.ask(body.id)
  }
}
