/** Blind first, then reveal: the model's outlines come over the reader's own, and `D` takes them away again. */
import { ApiError } from '@/api/client'
import { proposalGet, proposalReveal, type Proposal } from '@/state/proposal'
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

const rooms = new WeakMap<Room, Reveal>()

export const revealOf = (room: Room): Reveal => {
  const known = rooms.get(room) ?? new Reveal(room)
  rooms.set(room, known)
  return known
}
