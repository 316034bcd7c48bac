/** The nouns as the server sends them, by the names of the house. All of it comes from the generated schema. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Me = Schemas['Me']
export type MyProject = Schemas['MyProject']
export type Project = Schemas['Project']
export type Member = Schemas['Member']
export type AuditEvent = Schemas['AuditEvent']
export type Token = Schemas['Token']

/** How every list is paged. */
export interface Page<T> {
  count: number
  next: string | null
  previous: string | null
  results: T[]
}
export type Role = Schemas['RoleEnum']
export type TokenScope = Schemas['ScopeEnum']
export type NewToken = Schemas['NewToken']
