/** Grading forms as data; fetched once per page. */
import { getJson } from '@/api/client'
import type { Form } from '@/geometry/grades'
import type { CaseInfo } from './annotation'

let known: Promise<readonly Form[]> | null = null

export const formsGet = (): Promise<readonly Form[]> => {
  known ??= getJson<readonly Form[]>('/api/forms').catch((error: unknown) => {
    known = null
    throw error
  })
  return known
}

/** What is graded where a protocol names no form. The same default stands in `annotation/services/form.py`. */
export const DEFAULT_FORMS: readonly string[] = ['pfirrmann', 'modic', 'rsna_canal', 'rsna_foraminal', 'rsna_subarticular', 'genant', 'meyerding']

/** The forms of a protocol, by code, in the file's order. */
export const formsOf = (forms: readonly Form[], info: CaseInfo): ReadonlyMap<string, Form> => {
  const wanted = info.forms ?? DEFAULT_FORMS
  return new Map(forms.filter((form) => wanted.includes(form.code)).map((form) => [form.code, form]))
}

/** Those of them that suit a picture of the case. */
export const suiting = (forms: ReadonlyMap<string, Form>, info: CaseInfo | null): Form[] => {
  const modalities = new Set(info?.stacks.map((stack) => stack.modality))
  return [...forms.values()].filter((form) => form.modalities.some((modality) => modalities.has(modality)))
}
