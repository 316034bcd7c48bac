import { describe, expect, it } from 'vitest'
import type { StackManifest } from '@/geometry/stack'
import { hangingsOf } from './hanging'
import type { Asked } from './protocols'

const manifest = (stack: string, modality: string, plane: StackManifest['plane'], description: string, kind: StackManifest['kind'] = 'volume'): StackManifest => ({
  stack,
  series: stack,
  modality,
  kind,
  plane,
  rows: 4,
  columns: 4,
  description,
  frameOfReferenceUID: 'f',
  geometry: kind === 'volume' ? { origin: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], spacing: [1, 1, 1], shape: [2, 4, 4] } : null,
  notVolumeReason: null,
  photometric: 'MONOCHROME2',
  bitsStored: 12,
  signed: false,
  rescaleSlope: 1,
  rescaleIntercept: 0,
  windows: [],
  slices: [{ key: 'a', index: 0, frame: 1, position: null }],
  preview: null,
})
const shown = (manifests: StackManifest[]) => hangingsOf(manifests)[0]?.panes.map((pane) => `${pane.stack}:${pane.view}`)

describe('hangings', () => {
  it('show an MR as T2 sagittal, T1 sagittal and axial, each in the plane it was made in', () => {
    expect(shown([manifest('ax', 'MR', 'axial', 'T2 tra'), manifest('t1', 'MR', 'sagittal', 'T1 sag'), manifest('stir', 'MR', 'sagittal', 'STIR sag'), manifest('t2', 'MR', 'sagittal', 'T2 sag')])).toEqual(['t2:stack', 't1:stack', 'ax:stack'])
  })

  it('cut a CT into sagittal, axial and coronal, the axial one as it was made', () => {
    expect(shown([manifest('ct', 'CT', 'axial', 'spine')])).toEqual(['ct:sagittal', 'ct:stack', 'ct:coronal'])
  })

  it('show a film alone', () => {
    expect(shown([manifest('dx', 'DX', 'projection', 'lateral', 'single')])).toEqual(['dx:stack'])
  })

  it('give a series that is no volume no other planes', () => {
    expect(shown([manifest('t2', 'MR', 'sagittal', 'T2', 'stack')])).toEqual(['t2:stack'])
  })

  it('let every series be the large one', () => {
    expect(hangingsOf([manifest('a', 'MR', 'sagittal', 'T2'), manifest('b', 'MR', 'axial', 'T2')]).map((each) => each.panes[0]?.stack)).toEqual(['a', 'b'])
  })

  const asked: Asked = { tasks: ['segmentation', 'levels', 'grading', 'measurement'], forms: null }
  const named = (manifests: StackManifest[], wants = asked) => Object.fromEntries(hangingsOf(manifests, wants).map((each) => [each.name, each.panes.map((pane) => `${pane.stack}:${pane.view}`)]))

  it('put stenosis on the axial T2, with both sagittal series beside it', () => {
    const case_ = [manifest('t2', 'MR', 'sagittal', 'T2 sag'), manifest('t1', 'MR', 'sagittal', 'T1 sag'), manifest('ax', 'MR', 'axial', 'T2 tra')]
    expect(named(case_)['Stenosis']).toEqual(['ax:stack', 't2:stack', 't1:stack'])
    expect(named(case_)['Discs']).toEqual(['t2:stack', 't1:stack'])
    expect(named(case_, { ...asked, forms: [] })['Stenosis']).toBeUndefined()
    expect(hangingsOf(case_, { tasks: ['grading'], forms: ['rsna_canal'] })[0]?.name).toBe('Stenosis')
  })

  it('put a frontal film alone for Cobb, and the lateral one first for balance', () => {
    const case_ = [manifest('ap', 'DX', 'projection', 'Spine AP', 'single'), manifest('lat', 'DX', 'projection', 'Spine lateral', 'single')]
    expect(named(case_)['Cobb']).toEqual(['ap:stack'])
    expect(named(case_)['Sagittal balance']).toEqual(['lat:stack', 'ap:stack'])
  })

  it('look at a CT from the front for Cobb', () => {
    expect(named([manifest('ct', 'CT', 'axial', 'spine')])['Cobb']).toEqual(['ct:coronal', 'ct:sagittal'])
    expect(named([manifest('ct', 'CT', 'axial', 'spine')])['Levels']).toEqual(['ct:sagittal', 'ct:coronal'])
  })
})
