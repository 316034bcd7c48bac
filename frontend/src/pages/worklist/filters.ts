/** Which cases are shown, and in which order. */
import type { Case } from '@/api/types'
import { contentsOf, isBegun, isDone, isToDo } from '@/state/case'
import { whyOf, type Sureness } from '@/state/sureness'

export type Tab = 'todo' | 'mine' | 'review' | 'done' | 'all'
export type Order = 'queue' | 'doubt' | 'newest' | 'name'

export const TABS: readonly { value: Tab; label: string; has: (item: Case) => boolean }[] = [
  { value: 'todo', label: 'To do', has: isToDo },
  { value: 'mine', label: 'Begun by you', has: isBegun },
  { value: 'review', label: 'To review', has: ({ state }) => state === 'review' },
  { value: 'done', label: 'Done', has: isDone },
  { value: 'all', label: 'All', has: () => true },
]

export const ORDERS: readonly { value: Order; label: string }[] = [
  { value: 'queue', label: 'as the queue gives them' },
  { value: 'doubt', label: 'least sure first' },
  { value: 'newest', label: 'newest first' },
  { value: 'name', label: 'by name' },
]

export interface Filters {
  readonly tab: Tab
  readonly modality: string
  readonly order: Order
  readonly filter: string
}

export function shown(cases: readonly Case[], sureness: ReadonlyMap<string, Sureness>, { tab, modality, order, filter }: Filters): Case[] {
  const has = TABS.find(({ value }) => value === tab)?.has ?? (() => true)
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = (item: Case) => {
    const sure = sureness.get(item.id)
    const text = [item.subject, item.description, item.protocol.name, item.state, contentsOf(item.stacks), sure ? whyOf(sure) : ''].join(' ').toLowerCase()
    return has(item) && (modality === 'all' || item.stacks.some((stack) => stack.modality === modality)) && words.every((word) => text.includes(word))
  }
  return sorted(cases.filter(fits), sureness, order)
}

function sorted(cases: Case[], sureness: ReadonlyMap<string, Sureness>, order: Order): Case[] {
  // one's own begun cases come first in the queue, as they do when the next case is asked for
  if (order === 'queue') return [...cases].sort((a, b) => Number(isBegun(b)) - Number(isBegun(a)))
  if (order === 'newest') return [...cases].sort((a, b) => b.created_at.localeCompare(a.created_at))
  if (order === 'name') return [...cases].sort((a, b) => a.subject.localeCompare(b.subject))
  const confidence = (item: Case) => sureness.get(item.id)?.confidence ?? 2
  return [...cases].sort((a, b) => confidence(a) - confidence(b))
}

export function modalitiesOf(cases: readonly Case[]): string[] {
  return [...new Set(cases.flatMap(({ stacks }) => stacks.map(({ modality }) => modality)))].sort()
}
