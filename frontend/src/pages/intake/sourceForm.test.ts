import { expect, test } from 'vitest'
import type { Source } from '@/api/types'
import { fieldsOf, formOf } from './sourceForm'

const source = {
  name: 'PACS',
  kind: 'dimse',
  certificate_subject: '',
  dicomweb_url: '',
  ae_title: 'PACS',
  addresses: ['10.0.0.0/8'],
  modalities: ['MR', 'CT'],
  rate_limit: 600,
  association_limit: null,
  host: 'pacs',
  port: 104,
  is_tls: true,
  pull_filter: { method: 'move', date: '20260101-', modalities: ['MR'], days: 7 },
  pull_seconds: 3600,
} as unknown as Source

test('saving a form that was not touched changes nothing', () => {
  const fields = fieldsOf(formOf(source), 'dimse')
  expect(fields).toMatchObject({ modalities: ['MR', 'CT'], rate_limit: 600, association_limit: null, host: 'pacs', port: 104, is_tls: true, pull_seconds: 3600 })
  expect(fields.pull_filter).toEqual(source.pull_filter)
})

test('what does not belong to the kind of source is not sent', () => {
  expect(Object.keys(fieldsOf(formOf(source), 'upload')).sort()).toEqual(['modalities', 'name', 'rate_limit'])
  expect(fieldsOf(formOf(source), 'dicomweb')).not.toHaveProperty('host')
})
