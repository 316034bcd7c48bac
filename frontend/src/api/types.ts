/** The nouns as the server sends them, by the names of the house. All of it comes from the generated schema. */
import type { Sent } from './client'
import type { components } from './schema'

type Schemas = components['schemas']

export type Me = Sent<Schemas['Me']>
export type MyProject = Sent<Schemas['MyProject']>
export type Project = Sent<Schemas['Project']>
export type Member = Sent<Schemas['Member']>
export type AuditEvent = Sent<Schemas['AuditEvent']>
export type Token = Sent<Schemas['Token']>

/** How every list is paged. */
export interface Page<T> {
  count: number
  next: string | null
  previous: string | null
  results: T[]
}
export type Role = Schemas['RoleEnum']
export type TokenScope = Schemas['ScopeEnum']
export type NewToken = Sent<Schemas['NewToken']>
export type Case = Sent<Schemas['Case']>
export type CaseState = Case['state']
export type CaseStack = Sent<Schemas['CaseStack']>
export type Protocol = Sent<Schemas['Protocol']>
export type Structure = Sent<Schemas['Structure']>
export type NextAnswer = Sent<Schemas['NextAnswer']>
export type Dataset = Sent<Schemas['Dataset']>
export type Version = Sent<Schemas['Version']>
export type DatasetCreate = Schemas['DatasetCreateRequest']
export type Stack = Sent<Schemas['Stack']>

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
