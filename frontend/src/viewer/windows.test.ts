import { describe, expect, it } from 'vitest'
import type { StackManifest } from '@/geometry/stack'
import { presetOfTask, presetsOf, sampleOf } from './windows'

const of = (modality: string, description: string, windows: StackManifest['windows'] = []) => ({ modality, description, windows }) as unknown as StackManifest
const labels = (manifest: StackManifest, sample: readonly number[] | null) => presetsOf(manifest, sample).map(({ label }) => label)
const sample = sampleOf(Array.from({ length: 5000 }, (_, i) => i))

describe('window presets', () => {
  it('are fixed in HU on CT, bone first, and what the file says last', () => {
    expect(labels(of('CT', 'spine', [{ center: 50, width: 350, label: 'Abdomen' }]), null)).toEqual(['Bone', 'Soft tissue', 'Disc', 'Metal', 'Abdomen'])
    expect(presetsOf(of('CT', 'spine'), null)[0]).toMatchObject({ center: 400, width: 2000 })
  })

  it('follow the sequence on MR by shares of its own values, what the file says first', () => {
    expect(labels(of('MR', 'T2 sag', [{ center: 400, width: 800 }]), sample)).toEqual(['File', 'T2 overview', 'T2 discs', 'T2 canal and fluid'])
    expect(labels(of('MR', 'T1 sag'), sample)[1]).toBe('T1 marrow')
    expect(labels(of('MR', 'T2 TIRM sag'), sample)[1]).toBe('STIR oedema')
    const [, discs] = presetsOf(of('MR', 'T2 sag'), sample)
    expect(discs!.center - discs!.width / 2).toBeCloseTo(500, -1)
    expect(discs!.center + discs!.width / 2).toBeCloseTo(4850, -1)
  })

  it('have a dense and a soft one on films', () => {
    expect(labels(of('DX', 'AP'), sample)).toEqual(['Film overview', 'Dense bone', 'Soft tissue'])
  })

  it('are chosen by the task on CT', () => {
    expect([presetOfTask('Stenosis', 'CT'), presetOfTask('Fractures', 'CT'), presetOfTask('Stenosis', 'MR')]).toEqual(['Disc', 'Bone', null])
  })

  it('need values that differ', () => {
    expect(labels(of('MR', 'T2'), sampleOf([3, 3, 3]))).toEqual([])
  })
})
