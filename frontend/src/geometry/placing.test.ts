import { describe, expect, it } from 'vitest'
import { facing, groundOf, LANDMARKS } from './placing'
import { DEFINITIONS } from './measurement'
import type { StackManifest } from './stack'

const film = (more: Partial<StackManifest>): StackManifest => ({ modality: 'DX', pixelSpacing: null, pixelSpacingSource: null, ...more }) as StackManifest

describe('what a point is measured in', () => {
  it('is the patient where the picture lies in the patient', () => {
    expect(groundOf(film({ modality: 'MR' }), true, 3, 4)).toEqual({ frame: { kind: 'patient' }, source: 'geometry' })
  })

  it('is pixels on a film without spacing, and the detector on one that knows no more', () => {
    expect(groundOf(film({}), false, 3, 4)).toEqual({ frame: { kind: 'image', spacing: null, forward: 1 }, source: 'none' })
    const known = groundOf(film({ pixelSpacing: [0.2, 0.3], pixelSpacingSource: 'ImagerPixelSpacing' }), false, 3, 4)
    expect(known).toEqual({ frame: { kind: 'image', spacing: [0.2, 0.3], forward: 1 }, source: 'imager_pixel_spacing' })
    expect(groundOf(film({ pixelSpacing: [0.2, 0.3], pixelSpacingSource: 'PixelSpacing' }), false, 3, 4)).toMatchObject({ source: 'pixel_spacing' })
  })

  it('is a region of an ultrasound picture, and nothing outside of it', () => {
    const clip = film({ modality: 'US', regions: [{ box: [10, 20, 100, 200], spacing: [0.1, 0.1] }] })
    expect(groundOf(clip, false, 50, 50)).toMatchObject({ source: 'us_region', frame: { spacing: [0.1, 0.1] } })
    expect(groundOf(clip, false, 5, 50)).toHaveProperty('refused')
    expect(groundOf(film({ modality: 'US' }), false, 50, 50)).toHaveProperty('refused')
  })

  it('knows from the plate of S1 which way a lateral film faces', () => {
    const frame = { kind: 'image', spacing: null, forward: 1 } as const
    expect(facing('sagittal_balance', frame, { s1_posterior: [50, 10], s1_anterior: [20, 20] })).toMatchObject({ forward: -1 })
    expect(facing('sagittal_balance', frame, { s1_posterior: [20, 10], s1_anterior: [50, 20] })).toMatchObject({ forward: 1 })
  })
})

describe('the points that are asked for', () => {
  it('are those of the definition', () => {
    for (const [id, landmarks] of Object.entries(LANDMARKS)) {
      const { points, optional = [] } = DEFINITIONS[id as keyof typeof DEFINITIONS]
      const names = landmarks.map((each) => each.name)
      expect(names.filter((name) => ![...points, ...optional].includes(name))).toEqual([])
      expect(points.filter((name) => !names.includes(name))).toEqual([])
    }
  })
})
