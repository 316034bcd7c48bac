/** Between a source as the server keeps it and the words a person types. */
import type { Source } from '@/api/types'
import type { SourceFields } from '@/state/sources'

export interface SourceForm {
  readonly name: string
  readonly ae_title: string
  readonly addresses: string
  readonly modalities: string
  readonly certificate_subject: string
  readonly associations: string
  readonly rate: string
  readonly host: string
  readonly port: string
  readonly is_tls: boolean
  readonly dicomweb_url: string
  readonly pull_modalities: string
  readonly pull_body_part: string
  readonly pull_description: string
  readonly pull_days: string
  readonly pull_minutes: string
  /** What the form does not show of the filter: saving does not lose it. */
  readonly kept: Readonly<Record<string, unknown>>
}

export const words = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)
const shown = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

export function formOf(source: Source): SourceForm {
  const filter = source.pull_filter
  const modalities = filter['modalities']
  return {
    name: source.name,
    ae_title: source.ae_title,
    addresses: source.addresses.join(' '),
    modalities: source.modalities.join(' '),
    certificate_subject: source.certificate_subject,
    associations: shown(source.association_limit),
    rate: shown(source.rate_limit),
    host: source.host,
    port: shown(source.port),
    is_tls: source.is_tls,
    dicomweb_url: source.dicomweb_url,
    pull_modalities: Array.isArray(modalities) ? modalities.join(' ') : '',
    pull_body_part: shown(filter['body_part']),
    pull_description: shown(filter['description']),
    pull_days: shown(filter['days']),
    pull_minutes: source.pull_seconds ? String(Math.round(source.pull_seconds / 60)) : '',
    kept: Object.fromEntries(Object.entries(filter).filter(([name]) => name === 'method' || name === 'date')),
  }
}

const number = (text: string): number | null => (/^\d+$/.test(text.trim()) ? Number(text) : null)

/** What to send: only what belongs to this kind of source. */
export function fieldsOf(form: SourceForm, kind: Source['kind']): SourceFields {
  const common: SourceFields = { name: form.name.trim(), modalities: words(form.modalities).map((word) => word.toUpperCase()), rate_limit: number(form.rate) }
  if (kind !== 'dimse' && kind !== 'dicomweb') return common
  const days = number(form.pull_days)
  const pull: SourceFields = {
    pull_filter: {
      ...form.kept,
      ...(form.pull_modalities.trim() ? { modalities: words(form.pull_modalities).map((word) => word.toUpperCase()) } : {}),
      ...(form.pull_body_part.trim() ? { body_part: form.pull_body_part.trim().toUpperCase() } : {}),
      ...(form.pull_description.trim() ? { description: form.pull_description.trim() } : {}),
      ...(days ? { days } : {}),
    },
    pull_seconds: (number(form.pull_minutes) ?? 0) * 60 || null,
  }
  if (kind === 'dicomweb') return { ...common, ...pull, dicomweb_url: form.dicomweb_url.trim() }
  return {
    ...common,
    ...pull,
    ae_title: form.ae_title.trim(),
    addresses: words(form.addresses),
    certificate_subject: form.certificate_subject.trim(),
    association_limit: number(form.associations),
    host: form.host.trim(),
    port: number(form.port),
    is_tls: form.is_tls,
  }
}
