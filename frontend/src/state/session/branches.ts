/** Work that came too late and was kept beside the annotation: what it has otherwise, and taking it over in one act. */
import type { Labelmap } from '@/geometry/labelmap'
import { diffRuns, type Run } from '@/geometry/patch'
import { annotationMaskPath, branchesGet, maskGet, type BranchInfo } from '../annotation'
import { nameOf } from '../structure'
import type { Desk, SegmentKey } from './desk'
import { stepsTowards, type Step } from './kinds'
import type { OperationLog } from './log'
import { labelmapOf } from './opening'
import type { PatchStep } from './patches'

/** One structure that the branch draws otherwise: voxels that only the branch has, and that only this annotation has. */
export interface BranchDifference {
  readonly key: SegmentKey
  readonly name: string
  readonly added: number
  readonly removed: number
  readonly stack: string
  readonly slice: number
}

export interface Compared {
  readonly branch: BranchInfo
  readonly differences: readonly BranchDifference[]
  /** Names, levels, measurements or grades differ too. */
  readonly hasMore: boolean
  readonly masks: readonly { readonly stack: string; readonly layer: string; readonly labelmap: Labelmap }[]
}

export class Branches {
  constructor(
    private readonly desk: Desk,
    private readonly log: OperationLog,
  ) {}

  /** Look which branches there are; silent when that cannot be known now. */
  async find(): Promise<void> {
    try {
      const branches = await branchesGet(this.desk.annotation)
      this.desk.set({ branches })
    } catch {
      // they are there next time
    }
  }

  /** Load a branch and say what it has otherwise, the largest difference first. */
  async compare(branch: BranchInfo): Promise<Compared> {
    const masks = await Promise.all(
      [...this.desk.labelmaps.keys()].map(async (name) => {
        const [stack = '', layer = ''] = name.split('/')
        const manifest = this.desk.manifest(stack)
        if (!manifest) throw new Error('The series of this branch is not here.')
        return { stack, layer, labelmap: labelmapOf(manifest, layer, await maskGet(annotationMaskPath(branch.annotation.id, stack, layer))) }
      }),
    )
    const found = new Map<string, BranchDifference>()
    for (const patch of this.patches(masks)) this.count(patch, branch, found)
    const differences = [...found.values()].sort((a, b) => b.added + b.removed - a.added - a.removed)
    return { branch, differences, hasMore: stepsTowards(this.desk, branch.annotation).length > 0, masks }
  }

  private patches(masks: Compared['masks']): PatchStep[] {
    return masks.flatMap(({ stack, layer, labelmap }) => {
      const here = this.desk.labelmap(stack, layer)
      const patch = new Map<number, readonly Run[]>()
      for (let index = 0; here && index < labelmap.count; index += 1) {
        const runs = diffRuns(here.slice(index), labelmap.slice(index))
        if (runs.length) patch.set(index, runs)
      }
      return patch.size ? [{ kind: 'patch' as const, stack, layer, segment: null, tool: 'branch', patch }] : []
    })
  }

  private count({ stack, layer, patch }: PatchStep, branch: BranchInfo, found: Map<string, BranchDifference>): void {
    for (const [slice, runs] of patch) {
      for (const run of runs) {
        for (const [id, isAdded] of [[run.to, true], [run.from, false]] as const) {
          if (!id) continue
          const key = { id, layer }
          const segment = branch.annotation.segments.find((each) => each.id === id && each.layer === layer) ?? this.desk.segment(key)
          const before = found.get(`${layer} ${id}`) ?? { key, name: nameOf(segment?.structure ?? ''), added: 0, removed: 0, stack, slice }
          found.set(`${layer} ${id}`, { ...before, added: before.added + (isAdded ? run.length : 0), removed: before.removed + (isAdded ? 0 : run.length) })
        }
      }
    }
  }

  /** Make this annotation as the branch has it: one act, with one undo. What is here now stays in the log. */
  takeOver(compared: Compared): void {
    const patches = this.patches(compared.masks)
    const other = compared.branch.annotation
    const known = new Set(this.desk.view.segments.map(({ id, layer }) => `${layer} ${id}`))
    const missing = other.segments.filter(({ id, layer }) => !known.has(`${layer} ${id}`))
    const locked = this.desk.view.segments.filter((segment) => this.desk.isLocked(segment))
    const open = [...missing.map((segment) => ({ ...segment, status: 'edited' as const, locked: false })), ...locked.map(({ id, layer }) => ({ id, layer, status: 'edited' as const, locked: false }))]
    const steps: Step[] = [...(open.length && patches.length ? [{ kind: 'segments' as const, set: open, remove: [] }] : []), ...patches]
    this.log.perform('Branch taken over', steps, () => stepsTowards(this.desk, other))
  }
}
