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
export type Case = Schemas['Case']
export type CaseState = Case['state']
export type CaseStack = Schemas['CaseStack']
export type Protocol = Schemas['Protocol']
export type Structure = Schemas['Structure']
export type NextAnswer = Schemas['NextAnswer']
export type Dataset = Schemas['Dataset']
export type Version = Schemas['Version']
export type Stack = Schemas['Stack']

// Until the generated schema has them, by the server's models.
export interface Source {
  id: string
  name: string
  kind: 'dimse' | 'folder' | 'upload' | 'stow'
  ae_title: string
  addresses: string[]
  modalities: string[]
  is_active: boolean
}
export interface ImportBatch {
  id: string
  source: string | null
  kind: string
  state: 'running' | 'done' | 'failed'
  total: number | null
  received: number
  stored: number
  duplicate: number
  refused: number
  quarantined: number
  received_bytes: number
  last_received_at: string | null
  finished_at: string | null
  created_at: string
}
export interface ImportFinding {
  code: string
  message: string
  severity: string
  count: number
  where: number[]
}
export interface ImportDetail extends ImportBatch {
  findings: ImportFinding[]
}
export interface QuarantineItem {
  id: string
  reason: string
  message: string
  elements: string[]
  modality: string
  size: number
  state: 'held' | 'proposed' | 'released' | 'dropped'
  created_at: string
}
