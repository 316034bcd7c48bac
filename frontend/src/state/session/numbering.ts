/** What a reader does to the ladder, and the ladder that the masks imply while nobody has. */
import { ladderApply, ladderFromSegments, type LadderFields } from '@/geometry/ladder'
import type { Labelmap } from '@/geometry/labelmap'
import { centresOf } from '@/geometry/locate'
import { Refused, type BodyFacts, type Ladder } from '@/geometry/numbering'
import { StackGrid } from '@/geometry/stack'
import type { Segment } from '../annotation'
import type { Desk } from './desk'
import type { LadderStep } from './levels'
import type { OperationLog } from './log'

export class Numbering {
  private implied: { segments: readonly Segment[]; known: number; ladder: Ladder } | null = null
  // Where a body is hardly changes by a stroke; looking at every voxel after each of them would be felt.
  private readonly centres = new Map<number, readonly number[]>()
  private readonly searched = new WeakMap<Labelmap, number>()

  constructor(
    private readonly desk: Desk,
    private readonly log: OperationLog,
  ) {}

  /** The ladder as it stands, or the one that the masks imply while nobody has touched it. */
  shown(): Ladder {
    return this.desk.view.ladder.bodies.length ? this.desk.view.ladder : this.impliedLadder()
  }

  private impliedLadder(): Ladder {
    const { segments, structures } = this.desk.view
    this.findCentres(segments)
    if (this.implied?.segments === segments && this.implied.known === this.centres.size) return this.implied.ladder
    const ladder = ladderFromSegments(segments, new Map([...structures.values()].map((each) => [each.code, each.category])), this.centres)
    this.implied = { segments, known: this.centres.size, ladder }
    return ladder
  }

  private findCentres(segments: readonly Segment[]): void {
    for (const manifest of this.desk.view.manifests) {
      if (segments.every((segment) => segment.layer !== 'instances' || this.centres.has(segment.id))) return
      const labelmap = this.desk.labelmap(manifest.stack, 'instances')
      if (!labelmap || manifest.geometry === null || this.searched.get(labelmap) === labelmap.version) continue
      this.searched.set(labelmap, labelmap.version)
      const grid = new StackGrid(manifest)
      for (const [id, index] of centresOf(labelmap)) if (!this.centres.has(id)) this.centres.set(id, grid.toWorld(index))
    }
  }

  /** What the masks know of the bodies: heights towards the head in mm. */
  facts(): Record<string, BodyFacts> {
    this.findCentres(this.desk.view.segments)
    const height = (segment: number | null): number | undefined => (segment === null ? undefined : this.centres.get(segment)?.[2])
    return Object.fromEntries(
      this.shown().bodies.map(({ id, segment, disc }) => {
        const [own, below] = [height(segment), height(disc)]
        return [id, { ...(own === undefined ? {} : { height: own }), ...(below === undefined ? {} : { disc_height: below }) }]
      }),
    )
  }

  /** The step that writes down the ladder which the masks imply; none when it is written or nothing is implied. */
  written(): LadderStep[] {
    if (this.desk.view.ladder.bodies.length) return []
    const { bodies, variant, evidence, unsure } = this.impliedLadder()
    return bodies.length ? [{ kind: 'ladder', fields: { action: 'set', ladder: { bodies, variant, evidence, unsure } } }] : []
  }

  /** Do something to the ladder in one step; the first thing done writes down the ladder that the masks imply. Returns why not, or null. */
  number(label: string, fields: LadderFields): string | null {
    if (!this.desk.canWrite) return 'The case is open for reading only.'
    const steps = this.written()
    if (!steps.length && !this.desk.view.ladder.bodies.length && fields.action !== 'set') return 'Draw or point at a vertebra first: the ladder has no body yet.'
    try {
      this.tryLadder([...steps.map((step) => step.fields), fields])
    } catch (error) {
      if (error instanceof Refused) return error.message
      throw error
    }
    this.log.perform(label, [...steps, { kind: 'ladder', fields }])
    return null
  }

  // Nothing is written unless the whole chain fits.
  private tryLadder(chain: readonly LadderFields[]): void {
    let { ladder, segments } = this.desk.view
    for (const fields of chain) ({ ladder, segments } = ladderApply(ladder, segments, fields, this.desk.layerOf, this.desk.schema))
  }
}
