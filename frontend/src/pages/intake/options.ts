/** The options of the profile in words. */
import { fromCode } from '@/state/words'

const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  clean_pixel_data: ['Text in pixels', 'Searched for and blanked in every image.'],
  clean_graphics: ['Graphics', 'Overlays removed, annotations cleaned.'],
  clean_structured_content: ['Reports', 'Kept, cleaned concept by concept.'],
  clean_descriptors: ['Descriptions', 'Kept, reduced to clinical words.'],
  dates: ['Dates', 'Modified: moved by one number of days per patient.'],
  retain_patient_characteristics: ['Patient characteristics', 'Age (90 at most), sex, size and weight stay.'],
  retain_device_identity: ['Device identity', 'Serial numbers and station names stay.'],
  retain_institution_identity: ['Institution', 'The name of the hospital stays.'],
  retain_uids: ['Original UIDs', 'Images can then be matched with the hospital’s.'],
  retain_safe_private: ['Safe private elements', 'Those that the standard lists stay.'],
  visual_features: ['Head and neck', 'Images from which a face could be made: flag them, or hold them for a person.'],
  device_rules: ['Device rules', 'The catalogue of devices: banners blanked, report screens held.'],
  captures: ['Captures with text', 'Pictures of screens: cleaned by the machine, or held until a person has seen them.'],
  two_person_release: ['Two people', 'What was held is let in only when a second person confirms.'],
}

export function optionName(name: string): string {
  return NAMES[name]?.[0] ?? fromCode(name)
}

export function optionHint(name: string): string {
  return NAMES[name]?.[1] ?? ''
}

export function optionValue(value: unknown): string {
  return value === true ? 'Yes' : value === false ? 'No' : fromCode(String(value))
}
