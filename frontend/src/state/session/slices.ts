/** Holds what the server has against what the screen shows, slice by slice; what differs is sent again. */
import { sha256 } from '@/geometry/digest'
import { diffRuns, type Run } from '@/geometry/patch'
import { annotationMaskPath, maskGet } from '../annotation'
import type { Acknowledged } from '../outbox'
import type { Desk } from './desk'
import type { Step } from './kinds'

type Slice = Acknowledged['slices'][number]

export class SliceCheck {
  private readonly expected = new Map<string, Promise<string>>()

  constructor(
    private readonly desk: Desk,
    private readonly unsent: () => number,
    private readonly resend: (step: Step) => void,
  ) {}

  /** What the server should hold after this step; the newest word on a slice is what its answer is compared with. */
  expect(step: Step): void {
    if (step.kind !== 'patch') return
    const manifest = this.desk.manifest(step.stack)
    const labelmap = this.desk.labelmap(step.stack, step.layer)
    if (!labelmap || !manifest) return
    for (const index of step.patch.keys()) {
      const key = `${step.stack} ${step.layer} ${manifest.slices[index]?.key ?? ''}`
      this.expected.set(key, sha256(labelmap.slice(index).slice()))
    }
  }

  async compare(slices: readonly Slice[]): Promise<void> {
    const wrong: Slice[] = []
    for (const slice of slices) {
      const key = `${slice.stack} ${slice.layer} ${slice.key}`
      const digest = await this.expected.get(key)
      if (digest !== undefined && digest !== slice.digest) wrong.push(slice)
      if (!this.unsent()) this.expected.delete(key)
    }
    if (wrong.length && !this.unsent()) await this.repair(wrong)
  }

  /** The server holds something else than this screen shows: send what shows, against what the server really holds. */
  private async repair(slices: readonly Slice[]): Promise<void> {
    const places = new Set(slices.map((slice) => `${slice.stack} ${slice.layer}`))
    for (const place of places) {
      const [stack = '', layer = ''] = place.split(' ')
      const manifest = this.desk.manifest(stack)
      const labelmap = this.desk.labelmap(stack, layer)
      if (!manifest || !labelmap || this.unsent()) return
      const { slices: held } = await maskGet(annotationMaskPath(this.desk.annotation, stack, layer))
      const patch = new Map<number, Run[]>()
      for (const slice of slices) {
        const index = manifest.slices.findIndex((each) => each.key === slice.key)
        const runs = diffRuns(held.get(slice.key) ?? new Uint8Array(labelmap.size), labelmap.slice(index))
        if (runs.length) patch.set(index, runs)
      }
      if (patch.size) this.resend({ kind: 'patch', stack, layer, segment: null, tool: 'resend', patch })
    }
  }
}
