/** Connects the reader's session with the pictures: what is drawn goes into the log, what the log does shows on the images. */
import type { LadderFields } from '@/geometry/ladder'
import type { Vec3 } from '@/geometry/vector'
import { ReadingSession, type SegmentKey } from '@/state/session'
import type { OutboxStore } from '@/state/outboxStore'
import { ReadingViewer } from '@/viewer/engine'
import type { ToolName } from '@/viewer/tools'
import { Cine } from './parts/cine'
import { Instances } from './parts/instances'
import { Masks } from './parts/masks'
import { Measuring } from './parts/measuring'
import { Naming } from './parts/naming'
import { Notices } from './parts/notices'
import { Painting } from './parts/painting'
import { Panes } from './parts/panes'
import { Priors } from './parts/priors'
import { Prompts } from './parts/prompts'
import { RoomStore, type Notice } from './parts/view'
import { Walk } from './parts/walk'

export type { Notice, RoomView } from './parts/view'

/** Where to go: a point of the patient, a voxel, or where a structure is seen best; `zoomMm` is the height that shall fit. */
export interface Place {
  readonly stack?: string
  readonly point?: Vec3
  readonly index?: Vec3
  readonly segment?: SegmentKey
  readonly zoomMm?: number
}

/**
 * The room of one case. Each part holds its own thing; whoever adds to the room plugs in here without changing it:
 * `viewer.layers.add` draws over every picture and may have handles, `viewer.tools.add` and `setTool` put a tool into the
 * reader's hand, `goTo` moves the pictures, `notify` says what happened, `session.perform` changes what is saved.
 */
export class Room {
  readonly session: ReadingSession
  readonly viewer: ReadingViewer
  readonly store = new RoomStore()
  readonly notices = new Notices(this.store)
  readonly panes: Panes
  readonly masks: Masks
  readonly painting: Painting
  readonly prompts: Prompts
  readonly walk: Walk
  readonly measuring: Measuring
  readonly naming: Naming
  readonly instances: Instances
  readonly cine: Cine
  readonly priors: Priors
  private readonly unsubscribe: () => void

  constructor(caseId: string, user: string, store: OutboxStore) {
    this.session = new ReadingSession(caseId, user, store)
    this.viewer = new ReadingViewer({
      paneChanged: (paneId, state) => {
        this.panes.changed(paneId, state)
        this.priors.follow(paneId, state)
      },
      progressed: (stack, loaded, total) => this.store.set({ progress: new Map(this.store.get().progress).set(stack, { loaded, total }) }),
      activated: (activePane) => this.store.set({ activePane }),
      painted: (patch) => this.painting.painted(patch),
      refused: (reason, ids) => this.painting.refused(reason, ids),
      brushResized: (steps) => this.painting.resizeBrush(steps),
      target: (stack) => this.masks.target(stack),
      outside: (stack, why) => this.panes.outside(stack, why),
      rebuilt: () => this.notify('The pictures were rebuilt', 'The graphics card had dropped them. Nothing that you drew is lost.', 'info'),
      broken: () => this.notify('The pictures cannot be worked with', 'A part of this page did not arrive. Nothing that you drew is lost: load the page again.', 'attn'),
    })
    this.panes = new Panes(this)
    this.masks = new Masks(this)
    this.painting = new Painting(this, this.masks, this.panes)
    this.prompts = new Prompts(this, this.masks)
    this.walk = new Walk(this, this.masks, this.panes)
    this.measuring = new Measuring(this)
    this.naming = new Naming(this)
    this.instances = new Instances(this, this.masks)
    this.cine = new Cine(this, this.panes)
    this.priors = new Priors(this)
    this.session.onMaskChanged = (stack) => this.masks.changed(stack)
    this.unsubscribe = this.session.subscribe(() => {
      this.panes.takeUp()
      this.walk.takeUp()
      this.masks.takeUp()
      if (this.session.getView().phase.kind === 'withdrawn') this.viewer.dispose()
      this.prompts.takeUp()
    })
    void this.session.open()
  }

  getView = this.store.get

  subscribe = this.store.subscribe

  setTool(tool: ToolName): void {
    this.painting.setTool(tool)
  }

  /** Bring a place into the pictures of its series and of all that share its frame of reference. */
  goTo({ stack = this.panes.activeStack, point, index, segment, zoomMm }: Place): void {
    if (point) this.viewer.look(stack, point, zoomMm)
    else if (index) this.viewer.focus(stack, index, zoomMm)
    else if (segment) this.walk.show(segment, zoomMm, { stack, slice: null })
  }

  notify(title: string, text: string, tone: Notice['tone'] = 'ok', undo: Notice['undo'] = null): void {
    this.notices.notify(title, text, tone, undo)
  }

  /** Open a tab of the panel at the right. */
  openPanel(panel: string): void {
    this.store.set({ panel })
  }

  /** Do something to the ladder; says why when it cannot be done. */
  number(label: string, fields: LadderFields): void {
    const reason = this.session.number(label, fields)
    if (reason) this.notify('Not renumbered', reason, 'attn')
    else this.notify(label, 'takes it back.', 'ok', 'undo')
  }

  /** Esc: the innermost thing that can be given up. */
  cancel(): void {
    if (this.viewer.cancelStroke() || this.prompts.cancel() || this.cine.stop() || this.naming.cancel() || this.measuring.cancel()) return
    if (this.store.get().isMaximised) this.panes.maximise()
    this.notices.dismiss()
  }

  dispose(): void {
    this.notices.dispose()
    this.prompts.dispose()
    this.cine.dispose()
    this.unsubscribe()
    this.viewer.dispose()
    this.session.dispose()
  }
}
