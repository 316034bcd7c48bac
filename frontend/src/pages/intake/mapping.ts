/** The mapping of volumes, as it is filled in, and as the server takes it. */

export interface MappingDraft {
  readonly modality: string
  readonly masks: 'none' | 'verse' | 'vertebra-disc-canal' | 'own'
  readonly values: string
  readonly image: string
  readonly mask: string
  readonly spacing: string
  readonly issuer: string
}

export const EMPTY: MappingDraft = { modality: 'MR', masks: 'none', values: '', image: '', mask: '', spacing: '', issuer: '' }

export const MASKS: readonly { value: MappingDraft['masks']; label: string }[] = [
  { value: 'none', label: 'none' },
  { value: 'verse', label: 'numbered as in VerSe' },
  { value: 'vertebra-disc-canal', label: '1 vertebra, 2 disc, 3 canal' },
  { value: 'own', label: 'numbers of their own' },
]

/** Return the mapping to send, or a sentence that says what is not right. */
export function mappingOf(draft: MappingDraft): Record<string, unknown> | string {
  const mapping: Record<string, unknown> = { modality: draft.modality }
  for (const name of ['image', 'mask', 'issuer'] as const) if (draft[name].trim() !== '') mapping[name] = draft[name].trim()
  if (draft.masks === 'own') {
    const values = objectOf(draft.values)
    if (values === null) return 'The numbers’ meaning is not a JSON object'
    mapping['values'] = values
  } else if (draft.masks !== 'none') mapping['values'] = draft.masks
  if (draft.spacing.trim() !== '') {
    const numbers = draft.spacing.trim().split(/[\s,;×x]+/).map(Number)
    if (numbers.length !== 3 || numbers.some((number) => !(number > 0))) return 'The spacing is three numbers of millimetres'
    mapping['spacing'] = numbers
  }
  return mapping
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : null
  } catch {
    return null
  }
}
