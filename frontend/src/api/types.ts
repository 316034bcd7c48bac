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
export type Role = Schemas['Member']['role']
export type TokenScope = Schemas['Token']['scopes'][number]
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

export type Source = Sent<Schemas['Source']>
export type SourceStatus = Sent<Schemas['SourceStatus']>
export type ImportBatch = Sent<Schemas['ImportBatch']>
export type ImportDetail = Sent<Schemas['ImportDetail']>
export type ImportFinding = Sent<Schemas['ImportFinding']>
export type QuarantineItem = Sent<Schemas['QuarantineItem']>
export type Profile = Sent<Schemas['Profile']>
export type IntakeSummary = Sent<Schemas['IntakeSummary']>
export type LiveSeries = Sent<Schemas['LiveSeries']>
export type ModelVersion = Sent<Schemas['ModelVersion']>
export type TrainingRun = Sent<Schemas['TrainingRun']>
export type Prediction = Sent<Schemas['Prediction']>
export type Job = Sent<Schemas['Job']>
export type Revision = Sent<Schemas['Revision']>
