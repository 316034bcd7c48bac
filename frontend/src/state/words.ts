/** Codes of the server in words of the glossary. */

const ROLES: Readonly<Record<string, string>> = {
  radiologist: 'Radiologist',
  adjudicator: 'Adjudicator',
  data_manager: 'Data manager',
  board_chair: 'Board chair',
  board_member: 'Board member',
  patient_representative: 'Patient representative',
  privacy_officer: 'Privacy officer',
  signing_official: 'Signing official',
  researcher: 'Researcher',
  operator: 'Operator',
}
export const ROLE_ORDER = Object.keys(ROLES)

export function roleWord(role: string): string {
  return ROLES[role] ?? fromCode(role)
}

export function roleWords(roles: readonly string[]): string {
  return [...roles].sort((a, b) => ROLE_ORDER.indexOf(a) - ROLE_ORDER.indexOf(b)).map(roleWord).join(', ') || 'No role'
}

/** A code without words of its own: "geometry_gap" reads "Geometry gap". */
export function fromCode(code: string): string {
  const words = code.replaceAll(/[_.-]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
