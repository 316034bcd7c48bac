import { describe, expect, it } from 'vitest'
import { importForm } from './intake'

const file = (name: string) => new File(['x'], name)

describe('importForm', () => {
  it('sends no name of a DICOM file, which could hold a patient’s', () => {
    const form = importForm({ project: 'p', kind: 'dicom', files: [file('DOE^JOHN.dcm'), file('Doe John 1970'), file('doe.zip')], mapping: null })
    expect(form.getAll('files').map((sent) => (sent as File).name)).toEqual(['1.dcm', '2', '3.zip'])
  })

  it('sends what a volume is called, which the mapping reads', () => {
    const form = importForm({ project: 'p', kind: 'nifti', files: [file('sub-01_seg.nii.gz')], mapping: { modality: 'MR' } })
    expect((form.get('files') as File).name).toBe('sub-01_seg.nii.gz')
    expect(form.get('mapping')).toBe('{"modality":"MR"}')
  })
})
