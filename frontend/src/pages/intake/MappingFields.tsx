import { Field } from '@/components/Field'
import { MASKS, type MappingDraft } from './mapping'
import classes from './Intake.module.css'

/** What an image without DICOM cannot say itself: what it shows, whose it is, what its mask's numbers mean. */
export function MappingFields({ kind, draft, onChange }: { kind: 'nifti' | 'png'; draft: MappingDraft; onChange: (draft: MappingDraft) => void }) {
  const set = (change: Partial<MappingDraft>) => onChange({ ...draft, ...change })
  return (
    <div className={classes['fields']}>
      <Field label="Modality">
        {(id) => (
          <select id={id} value={draft.modality} onChange={(event) => set({ modality: event.target.value })}>
            {['MR', 'CT', 'CR', 'DX', 'OT'].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Masks among the files">
        {(id) => (
          <select id={id} value={draft.masks} onChange={(event) => set({ masks: event.target.value as MappingDraft['masks'] })}>
            {MASKS.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      {draft.masks === 'own' && (
        <Field label="What their numbers mean" hint="JSON: mask value to structure, or to a category such as vertebra.">
          {(id) => <textarea id={id} rows={2} spellCheck={false} placeholder='{"1": "L5", "2": "L4"}' value={draft.values} onChange={(event) => set({ values: event.target.value })} />}
        </Field>
      )}
      {kind === 'png' && (
        <Field label="Millimetres between slices, rows, columns" hint="Three numbers; empty where nobody knows.">
          {(id) => <input id={id} inputMode="decimal" value={draft.spacing} onChange={(event) => set({ spacing: event.target.value })} />}
        </Field>
      )}
      <Field label="Which file is whose" hint="A regular expression with (?P<subject>…). Empty: names like sub-001_T2w.">
        {(id) => <input id={id} spellCheck={false} value={draft.image} onChange={(event) => set({ image: event.target.value })} />}
      </Field>
      {draft.masks !== 'none' && (
        <Field label="Which file is a mask" hint="Empty: names like sub-001_seg.">
          {(id) => <input id={id} spellCheck={false} value={draft.mask} onChange={(event) => set({ mask: event.target.value })} />}
        </Field>
      )}
      <Field label="Data set" hint="Keeps equal patient names of two data sets apart.">
        {(id) => <input id={id} maxLength={64} value={draft.issuer} onChange={(event) => set({ issuer: event.target.value })} />}
      </Field>
    </div>
  )
}
