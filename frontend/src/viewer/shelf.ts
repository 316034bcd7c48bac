import { StackGrid, type StackManifest } from '@/geometry/stack'
import { Coarse } from './coarse'
import type { FetchFrames } from './frames'
import { forgetStack, pixelsOf, rememberStack, StackLoader, type StackImages } from './images'
import type { Window } from './pane'
import { presetsOf, sampleOf, type WindowPreset } from './windows'

/** After this long without a whole slice, low resolution comes first: the line is slow. */
const PATIENCE_MS = 400

export interface OpenStack {
  readonly images: StackImages
  readonly loader: StackLoader
  readonly coarse: Coarse
  window: Window | null
  presets: WindowPreset[]
  measured: boolean
  coarseTimer: number
}

/** The stacks of the case: their frames, how far they are loaded, and the window they are seen through. */
export class Shelf {
  private readonly stacks = new Map<string, OpenStack>()

  constructor(
    private readonly settled: (stack: string, index: number) => void,
    /** The first frame said which window shows the stack well. */
    private readonly measured: (open: OpenStack, window: Window) => void,
  ) {}

  get(stack: string): OpenStack | undefined {
    return this.stacks.get(stack)
  }

  /** Let the viewer know a stack; loading begins with the first pane that shows it. */
  add(manifest: StackManifest, fetchFrames: FetchFrames): StackGrid {
    const known = this.stacks.get(manifest.stack)
    if (known) return known.images.grid
    const images = rememberStack(manifest, new StackGrid(manifest), fetchFrames)
    const loader = new StackLoader(images, (_, index) => {
      const open = this.stacks.get(manifest.stack)
      if (open && !open.measured && loader.states[index] === 'loaded') this.measure(open, index)
      this.settled(manifest.stack, index)
      if (open?.coarseTimer) this.loadCoarse(open)
    })
    const coarse = new Coarse(images, fetchFrames, (index) => this.settled(manifest.stack, index))
    const presets = presetsOf(manifest, null)
    this.stacks.set(manifest.stack, { images, loader, coarse, presets, window: presets[0] ?? null, measured: false, coarseTimer: 0 })
    return images.grid
  }

  /** Forget the region of a stack and begin to load the whole, seen through the same window. */
  replace(stack: string, fetchFrames: FetchFrames): void {
    const open = this.stacks.get(stack)
    if (!open) return
    open.loader.stop()
    clearTimeout(open.coarseTimer)
    open.coarse.stop()
    forgetStack(stack)
    this.stacks.delete(stack)
    this.add({ ...open.images.manifest, region: null }, fetchFrames)
    const { window, presets, measured } = open
    Object.assign(this.stacks.get(stack) ?? {}, { window, presets, measured })
  }

  /** Load a stack: the slice that is looked at, then low resolution of every slice beside the slices themselves. */
  load(stack: string): void {
    const open = this.stacks.get(stack)
    if (!open) return
    open.loader.start()
    open.coarseTimer ||= window.setTimeout(() => this.loadCoarse(open), PATIENCE_MS)
  }

  private loadCoarse(open: OpenStack): void {
    open.coarse.start((index) => open.loader.states[index] === 'loaded')
  }

  private measure(open: OpenStack, index: number): void {
    open.measured = true
    const pixels = pixelsOf(open.images, index)
    open.presets = presetsOf(open.images.manifest, pixels && sampleOf(pixels))
    if (open.window) return
    open.window = open.presets[0] ?? null
    if (open.window) this.measured(open, open.window)
  }

  dispose(): void {
    for (const [stack, { loader, coarse, coarseTimer }] of this.stacks) {
      loader.stop()
      clearTimeout(coarseTimer)
      coarse.stop()
      forgetStack(stack)
    }
    this.stacks.clear()
  }
}
