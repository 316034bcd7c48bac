import { ApiError } from '@/api/client'
import type { Vec3 } from '@/geometry/vector'
import { applyPrompt, promptPoint, promptSession, type PromptSession } from '@/state/prompts'
import { patchOf } from '@/state/session'
import { nameOf } from '@/state/structure'
import { pointTool } from '@/viewer/tools'
import type { RoomCore } from './core'
import type { Masks } from './masks'

/** The model's help by a click. */
export class Prompts {
  private session: { readonly key: string; readonly session: PromptSession } | null = null
  private asking: AbortController | null = null

  constructor(
    private readonly core: RoomCore,
    private readonly masks: Masks,
  ) {
    core.viewer.tools.add(pointTool('click', (at, pane) => void this.ask(pane.spec.stack, at.index, at.shift)))
  }

  swapSign(): void {
    this.core.store.set({ isNegative: !this.core.store.get().isNegative })
  }

  private async ask(stack: string, index: Vec3, withShift: boolean): Promise<void> {
    const { session, viewer, store, notices } = this.core
    const target = this.masks.target(stack)
    if ('refused' in target) {
      notices.notify('Nothing asked', target.refused, 'attn')
      return
    }
    const grid = viewer.gridOf(stack)
    if (grid) viewer.point(grid.toWorld(index), store.get().activePane)
    this.asking?.abort()
    const asking = new AbortController()
    this.asking = asking
    store.set({ isAsking: true })
    const { version } = target.labelmap
    try {
      const structure = session.segment({ id: target.segment, layer: target.layer })?.structure ?? ''
      const key = `${stack} ${target.layer} ${target.segment}`
      const isNew = this.session?.key !== key
      if (isNew) this.session = { key, session: await promptSession(stack, target.layer, structure, asking.signal) }
      const answer = await promptPoint(this.session?.session.id ?? '', index.map(Math.round), store.get().isNegative === withShift, isNew, asking.signal)
      if (asking.signal.aborted) return
      if (target.labelmap.version !== version) {
        notices.notify('Answer dropped', 'You drew meanwhile; what you drew stands. Click again to ask anew.', 'info')
        return
      }
      const patch = patchOf(target.labelmap, (edit) => applyPrompt(edit, target.segment, answer), target.mayOverwrite)
      if (patch.size) session.change(`${nameOf(structure)} click`, [{ kind: 'patch', stack, layer: target.layer, segment: target.segment, tool: answer.engine.slice(0, 40), patch }])
      else notices.notify('The model would change nothing here', 'Click where it is wrong, or use the brush.', 'info')
    } catch (error) {
      if (asking.signal.aborted) return
      this.session = null
      const isRefusal = error instanceof ApiError && error.status === 409
      notices.notify(isRefusal ? 'The model may not help here' : 'The model does not answer', isRefusal ? error.message : 'The brush and all other tools work on.', 'attn')
    } finally {
      if (this.asking === asking) {
        this.asking = null
        store.set({ isAsking: false })
      }
    }
  }

  /** Ask no more for what is being asked; returns whether anything was. */
  cancel(): boolean {
    if (!this.asking) return false
    this.asking.abort()
    this.core.store.set({ isAsking: false })
    return true
  }
}
