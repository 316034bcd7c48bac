import { Field } from '@/components/Field'

export interface MappingFieldsProps {
  kind: 'nifti' | 'png'
  fields: Readonly<Record<string, string>>
  onChange: (fields: Readonly<Record<string, string>>) => void
}

/** What an image without DICOM cannot say itself: its modality, and what the mask's numbers mean. */
export function MappingFields({ kind, fields, onChange }: MappingFieldsProps) {
  const set = (name: string, value: string) => onChange({ ...fields, [name]: value })
  return (
    <>
      <Field label="Modality">
        {(id) => (
          <select id={id} value={fields['modality'] ?? (kind === 'png' ? 'DX' : 'MR')} onChange={(event) => set('modality', event.target.value)}>
            {['MR', 'CT', 'DX', 'US'].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="What the mask's numbers mean" hint="JSON, for example {&quot;1&quot;: &quot;vertebra&quot;, &quot;2&quot;: &quot;disc&quot;}. Empty: the values of spine-core.">
        {(id) => <textarea id={id} rows={2} spellCheck={false} value={fields['values'] ?? ''} onChange={(event) => set('values', event.target.value)} />}
      </Field>
    </>
  )
}
