/** Holds what the server has against what the screen shows, slice by slice; what differs is sent again. */
import { sha256 } from '@/geometry/digest'
import { envelopeDecode } from '@/geometry/envelope'
import { applyRuns, diffRuns, invertRuns, type Run } from '@/geometry/patch'
import { annotationMaskPath, maskGet, sliceHeal, slicesCheck, type SliceDifference } from '../annotation'
import type { Acknowledged } from '../outbox'
import type { Operation } from '../outboxStore'
import type { Desk } from './desk'
import { kindNamed, type Step } from './kinds'

type Slice = Acknowledged['slices'][number]
type Place = Pick<Slice, 'stack' | 'layer' | 'key'>

export const CHECK_AFTER_OPERATIONS = 50
export const CHECK_AFTER_MS = 60_000

export interface SliceCheckPort {
  /** What the server has not acknowledged, oldest first. */
  readonly pending: () => readonly Operation[]
  readonly unsent: () => number
  /** Enter a step that puts right what the server holds. */
  readonly resend: (step: Step) => void
  readonly failed: (error: unknown) => void
}

const nameOf = ({ stack, layer, key }: Place): string => `${stack} ${layer} ${key}`

/**
 * Three looks at the same thing: every answer's digests against those that were expected; every 50 operations or 60 s all
 * touched slices, unpacked anew at the server; and the slice that the server says is damaged. A slice whose bytes went bad is
 * healed where it lies; one that truly differs is sent as an operation, so that the log says so.
 */
export class SliceCheck {
  private readonly expected = new Map<string, Promise<string>>()
  private touched = new Map<string, Place>()
  private operations = 0
  private timer: ReturnType<typeof setInterval> | null = null

  constructor(
    private readonly desk: Desk,
    private readonly port: SliceCheckPort,
  ) {}

  start(): void {
    this.stop()
    this.timer = setInterval(() => void this.look(), CHECK_AFTER_MS)
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer)
    this.timer = null
  }

  /** What the server should hold after this step; the newest word on a slice is what its answer is compared with. */
  expect(step: Step): void {
    if (step.kind !== 'patch') return
    const manifest = this.desk.manifest(step.stack)
    const labelmap = this.desk.labelmap(step.stack, step.layer)
    if (!labelmap || !manifest) return
    for (const index of step.patch.keys()) {
      const place = { stack: step.stack, layer: step.layer, key: manifest.slices[index]?.key ?? '' }
      this.expected.set(nameOf(place), sha256(labelmap.slice(index).slice()))
      this.touched.set(nameOf(place), place)
    }
  }

  /** An answer came: its digests are looked at when nothing newer is on its way. */
  async acknowledged(answer: Acknowledged): Promise<void> {
    this.operations += answer.applied.length
    if (this.port.unsent()) return
    const wrong: Slice[] = []
    for (const slice of answer.slices) {
      const digest = await this.expected.get(nameOf(slice))
      if (digest !== undefined && digest !== slice.digest) wrong.push(slice)
      if (!this.port.unsent()) this.expected.delete(nameOf(slice))
    }
    if (wrong.length && !this.port.unsent()) await this.repair(wrong)
    if (this.operations >= CHECK_AFTER_OPERATIONS) await this.look()
  }

  /** Hold every touched slice against what is stored. Does nothing while something is unsent: then they differ by right. */
  async look(): Promise<void> {
    if (!this.desk.canWrite || this.port.unsent()) return
    const { seq } = this.desk.view
    const touched = this.touched
    this.operations = 0
    try {
      const slices = await Promise.all([...touched.values()].map(async (place) => ({ ...place, digest: await sha256(this.shown(place) ?? new Uint8Array()) })))
      const different = await slicesCheck(this.desk.annotation, slices)
      if (this.port.unsent() || this.desk.view.seq !== seq) return
      await this.settle(different)
    } catch (error) {
      this.port.failed(error)
    }
  }

  private async settle(different: readonly SliceDifference[]): Promise<void> {
    for (const slice of different.filter((each) => each.is_damaged)) await this.heal(slice)
    const other: SliceDifference[] = []
    for (const slice of different) if ((await sha256(this.shown(slice) ?? new Uint8Array())) !== slice.digest) other.push(slice)
    if (other.length) await this.repair(other)
  }

  /** The server found slices damaged while it applied operations. True when each of them could be given back whole. */
  async healDamaged(): Promise<boolean> {
    try {
      const slices = [...this.touched.values()].map((place) => ({ ...place, digest: '0'.repeat(64) }))
      const damaged = (await slicesCheck(this.desk.annotation, slices)).filter((slice) => slice.is_damaged)
      for (const slice of damaged) await this.heal(slice)
      return damaged.length > 0
    } catch (error) {
      this.port.failed(error)
      return false
    }
  }

  private async heal(place: Place): Promise<void> {
    const raw = this.acknowledgedSlice(place)
    if (!raw) return
    await sliceHeal(this.desk.annotation, place, raw)
    this.desk.set({ resent: this.desk.view.resent + 1 })
  }

  private shown(place: Place): Uint8Array<ArrayBuffer> | null {
    const index = this.desk.manifest(place.stack)?.slices.findIndex((slice) => slice.key === place.key) ?? -1
    return index === -1 ? null : (this.desk.labelmap(place.stack, place.layer)?.slice(index).slice() ?? null)
  }

  /** The slice as the server's log came to it: what shows, with everything unsent taken back. */
  private acknowledgedSlice(place: Place): Uint8Array<ArrayBuffer> | null {
    const raw = this.shown(place)
    const index = this.desk.manifest(place.stack)?.slices.findIndex((slice) => slice.key === place.key) ?? -1
    if (!raw) return null
    for (const operation of [...this.port.pending()].reverse()) {
      const { header, rest } = envelopeDecode(operation.bytes)
      const json = header as Readonly<Record<string, unknown>>
      const step = kindNamed(json['kind'])?.read(this.desk, json, rest)
      if (step?.kind !== 'patch' || step.stack !== place.stack || step.layer !== place.layer) continue
      const runs = step.patch.get(index)
      if (runs) applyRuns(raw, invertRuns(runs))
    }
    return raw
  }

  /** The server holds something else than this screen shows: send what shows, against what the server really holds. */
  private async repair(slices: readonly Place[]): Promise<void> {
    const places = new Set(slices.map((slice) => `${slice.stack} ${slice.layer}`))
    for (const place of places) {
      const [stack = '', layer = ''] = place.split(' ')
      const manifest = this.desk.manifest(stack)
      const labelmap = this.desk.labelmap(stack, layer)
      if (!manifest || !labelmap || this.port.unsent()) return
      const { slices: held } = await maskGet(annotationMaskPath(this.desk.annotation, stack, layer))
      const patch = new Map<number, Run[]>()
      for (const slice of slices) {
        const index = manifest.slices.findIndex((each) => each.key === slice.key)
        const runs = diffRuns(held.get(slice.key) ?? new Uint8Array(labelmap.size), labelmap.slice(index))
        if (runs.length) patch.set(index, runs)
      }
      if (!patch.size) continue
      this.desk.set({ resent: this.desk.view.resent + patch.size })
      this.port.resend({ kind: 'patch', stack, layer, segment: null, tool: 'resend', patch })
    }
  }
}
