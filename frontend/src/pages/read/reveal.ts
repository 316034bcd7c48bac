/** Blind first, then reveal: the model's outlines come over the reader's own, and `D` takes them away again. */
import { ApiError } from '@/api/client'
import type { Labelmap, LabelmapEdit } from '@/geometry/labelmap'
import type { Segment } from '@/state/annotation'
import { proposalGet, proposalReveal, type Proposal } from '@/state/proposal'
import { patchOf, type PatchStep } from '@/state/session'
import { nameOf } from '@/state/structure'
import type { Room } from './room'

export interface RevealView {
  readonly isLoading: boolean
  readonly isThere: boolean
  readonly isShown: boolean
}

/** Pale, dashed and thin: what is compared with is never mistaken for what the reader drew. */
const COLOUR = '#9cc3e3'

export class Reveal {
  private view: RevealView = { isLoading: false, isThere: false, isShown: false }
  private proposal: Proposal | null = null
  private readonly listeners = new Set<() => void>()

  constructor(private readonly room: Room) {}

  getView = (): RevealView => this.view

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private set(change: Partial<RevealView>): void {
    this.view = { ...this.view, ...change }
    this.listeners.forEach((listener) => listener())
  }

  /** Freeze what the reader thinks now, then show what the model proposed. */
  async ask(): Promise<void> {
    const { room } = this
    if (this.view.isLoading || this.view.isThere) return
    this.set({ isLoading: true })
    try {
      const revision = await proposalReveal(room.session.annotationId, await room.session.settled())
      room.session.revealed()
      await this.load(revision)
      room.notify('Your blind reading is kept as it was', 'Dashed lines are the model’s. What you change from now on is recorded as changed after the reveal.', 'info')
    } catch (error) {
      const message = error instanceof Error ? error.message : 'Try again in a moment.'
      room.notify(error instanceof ApiError && error.code === 'no_proposal' ? 'Nothing to reveal' : 'Not revealed', message, 'attn')
    } finally {
      this.set({ isLoading: false })
    }
  }

  /** A reading that was revealed on an earlier visit. */
  async again(): Promise<void> {
    const { case: info, isRevealed } = this.room.session.getView()
    if (!isRevealed || !info?.proposal || this.proposal || this.view.isLoading) return
    this.set({ isLoading: true })
    await this.load(info.proposal).catch(() => undefined)
    this.set({ isLoading: false })
  }

  private async load(revision: string): Promise<void> {
    this.proposal = await proposalGet(revision, this.room.session.getView().manifests)
    this.set({ isThere: true })
    this.show(true)
  }

  toggle(): void {
    if (this.proposal) this.show(!this.view.isShown)
  }

  /** The model's outline takes the place of the reader's, for the structure in hand: one step to undo. */
  take(): void {
    const { room, proposal } = this
    const { active } = room.session.getView()
    const segment = active && room.session.segment(active)
    if (!proposal || !this.view.isShown) {
      room.notify('Nothing taken', 'Show the model’s outlines first.', 'info')
      return
    }
    if (!segment) {
      room.notify('Nothing taken', 'Choose a structure first: Q and W, or the list.', 'attn')
      return
    }
    const name = nameOf(segment.structure)
    const theirs = counterpart(proposal, segment, (stack) => room.session.labelmap(stack, segment.layer))
    if (!theirs) {
      room.notify('Nothing taken', `The model proposed no ${name} here.`, 'info')
      return
    }
    const patches: PatchStep[] = []
    for (const { stack } of room.session.getView().manifests) {
      const labelmap = room.session.labelmap(stack, segment.layer)
      const target = room.masks.target(stack)
      if (!labelmap) continue
      if ('refused' in target) {
        room.notify('Nothing taken', target.refused, 'attn')
        return
      }
      const mask = proposal.masks.find((each) => each.stack === stack && each.layer === segment.layer)
      const patch = patchOf(labelmap, (edit) => copyId(edit, segment.id, mask?.labelmap ?? null, theirs.id), target.mayOverwrite)
      if (patch.size) patches.push({ kind: 'patch', stack, layer: segment.layer, segment: segment.id, tool: 'take-model', patch })
    }
    if (!patches.length) {
      room.notify('Nothing changed', `${name} is as the model proposed it.`, 'info')
      return
    }
    room.session.change(`${name}: the model’s outline`, patches)
  }

  private show(isShown: boolean): void {
    const { proposal } = this
    this.set({ isShown })
    const style = (layer: string, id: number) => {
      const segment = proposal?.segments.find((each) => each.layer === layer && each.id === id)
      return segment ? { colour: COLOUR, name: nameOf(segment.structure), isVisible: true, isActive: false, isProposal: true, isDoubtful: false, isReference: true, hasChip: false } : null
    }
    this.room.masks.compare(isShown && proposal ? proposal.masks.map((mask) => ({ ...mask, style: (id: number) => style(mask.layer, id) })) : [])
  }
}

/** What of the proposal is the reader's segment: what lies in its place, else what is called like it. */
const counterpart = (proposal: Proposal, segment: Segment, own: (stack: string) => Labelmap | undefined): Segment | undefined => {
  const shared = new Map<number, number>()
  for (const mask of proposal.masks.filter((each) => each.layer === segment.layer)) {
    const labelmap = own(mask.stack)
    for (const slice of labelmap?.occupied() ?? []) {
      const [mine, theirs] = [labelmap?.slice(slice), mask.labelmap.slice(slice)]
      mine?.forEach((id, i) => {
        const other = theirs[i] ?? 0
        if (id === segment.id && other) shared.set(other, (shared.get(other) ?? 0) + 1)
      })
    }
  }
  const [most] = [...shared].sort((a, b) => b[1] - a[1])
  return proposal.segments.find((each) => each.layer === segment.layer && (most ? each.id === most[0] : each.structure === segment.structure))
}

/** Give `id` the voxels that `from` has in another mask, and no others. */
const copyId = (edit: LabelmapEdit, id: number, other: Labelmap | null, from: number): void => {
  const { labelmap } = edit
  for (let slice = 0; slice < labelmap.count; slice += 1) {
    const theirs = other?.slice(slice)
    labelmap.slice(slice).forEach((value, i) => {
      if (theirs?.[i] === from) edit.set(slice, i, id)
      else if (value === id) edit.set(slice, i, 0)
    })
  }
}

const rooms = new WeakMap<Room, Reveal>()

export const revealOf = (room: Room): Reveal => {
  const known = rooms.get(room) ?? new Reveal(room)
  rooms.set(room, known)
  return known
}
