/** One listener on the window; pages bind handlers to actions and never read key codes. */
import { chordOf } from './chord'
import { ACTION_IDS, ACTIONS, actionFor, type ActionId, type Remap, type Scope } from './map'

/** `down` once when pressed, `repeat` while held (else `down` is not repeated), `up` when let go with the time held in ms. */
export interface KeyHandler {
  down?: (event: KeyboardEvent) => void
  repeat?: (event: KeyboardEvent) => void
  up?: (event: KeyboardEvent, heldMs: number) => void
  /** Heard in text fields too. Off for all keys by default, so that typing never acts. */
  inFields?: boolean
}
export type KeyHandlers = Partial<Record<ActionId, KeyHandler | ((event: KeyboardEvent) => void)>>

const bindings: KeyHandlers[] = []
const held = new Map<string, { handler: KeyHandler; since: number }>()
const remapListeners = new Set<() => void>()
const boundListeners = new Set<() => void>()
let actions: readonly ActionId[] = []
let remap: Remap = {}
let silenced = 0
let listening = false

export function setRemap(next: Remap): void {
  remap = next
  remapListeners.forEach((listener) => listener())
}

export function onRemap(listener: () => void): () => void {
  remapListeners.add(listener)
  return () => void remapListeners.delete(listener)
}

export function currentRemap(): Remap {
  return remap
}

/** Bind handlers; the binding made last is asked first. Returns the way to unbind. */
export function bindKeys(handlers: KeyHandlers): () => void {
  if (!listening) listen()
  bindings.push(handlers)
  rebound()
  return () => {
    const at = bindings.indexOf(handlers)
    if (at >= 0) bindings.splice(at, 1)
    rebound()
  }
}

/** The actions that would be heard now, in the order of the map: what the key help shows. The same array until it changes. */
export function boundActions(): readonly ActionId[] {
  return actions
}

export function onBound(listener: () => void): () => void {
  boundListeners.add(listener)
  return () => void boundListeners.delete(listener)
}

function rebound(): void {
  const bound = new Set(bindings.flatMap((handlers) => Object.keys(handlers) as ActionId[]))
  actions = ACTION_IDS.filter((id) => bound.has(id))
  boundListeners.forEach((listener) => listener())
}

/** Hear nothing but "everywhere" keys while a dialog is open. Returns the way back. */
export function silenceKeys(): () => void {
  silenced += 1
  let done = false
  return () => {
    if (!done) silenced -= 1
    done = true
  }
}

function listen(): void {
  listening = true
  window.addEventListener('keydown', onDownBefore, { capture: true })
  window.addEventListener('keydown', onDown)
  window.addEventListener('keyup', onUp)
  window.addEventListener('blur', () => held.clear())
}

/** A list box opens by any Enter, with Ctrl too: keys with Ctrl are the page's, so they are heard before it. */
function onDownBefore(event: KeyboardEvent): void {
  if (!(event.target instanceof HTMLElement) || event.target.getAttribute('aria-haspopup') !== 'listbox') return
  if (!chordOf(event)?.startsWith('Ctrl+')) return
  onDown(event)
  if (event.defaultPrevented) event.stopPropagation()
}

function onDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  const chord = chordOf(event)
  if (chord === null) return
  const found = handlerFor(chord, event)
  if (!found) return
  event.preventDefault()
  if (event.repeat) {
    found.repeat?.(event)
    return
  }
  if (found.up) held.set(event.code, { handler: found, since: event.timeStamp })
  found.down?.(event)
}

function onUp(event: KeyboardEvent): void {
  const press = held.get(event.code)
  if (!press) return
  held.delete(event.code)
  press.handler.up?.(event, event.timeStamp - press.since)
}

function handlerFor(chord: string, event: KeyboardEvent): KeyHandler | null {
  const field = isField(event.target)
  if (ownsKey(event.target, chord)) return null
  for (let at = bindings.length - 1; at >= 0; at -= 1) {
    const handlers = bindings[at] ?? {}
    const scopes = scopesOf(handlers)
    const id = actionFor(chord, scopes.filter((scope) => silenced === 0 || scope === 'everywhere'), remap)
    const bound = id === null ? undefined : handlers[id]
    if (!bound) continue
    const handler = typeof bound === 'function' ? { down: bound, repeat: bound } : bound
    if (field && !handler.inFields && !chord.startsWith('Ctrl+') && chord !== 'Escape') continue
    return handler
  }
  return null
}

function scopesOf(handlers: KeyHandlers): Scope[] {
  const scopes = new Set((Object.keys(handlers) as ActionId[]).map((id) => ACTIONS[id].scope))
  return [...scopes].sort((a, b) => Number(b === 'grading') - Number(a === 'grading') || Number(a === 'everywhere') - Number(b === 'everywhere') || Number(a === 'list') - Number(b === 'list'))
}

function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
  // a box that only opens a list is not typed into: the keys of the page go on working after a choice
  return target instanceof HTMLInputElement && !target.readOnly && !['checkbox', 'radio', 'button', 'submit', 'range', 'color', 'file'].includes(target.type)
}

/** What the keyboard has focused keeps its own keys: a button Enter and Space, a menu its arrows. What the mouse clicked does not. */
function ownsKey(target: EventTarget | null, chord: string): boolean {
  if (!(target instanceof HTMLElement) || !target.matches(':focus-visible')) return false
  if (chord === 'Enter' || chord === 'Space') return target.closest('a[href], button, summary, [role=button], [role=menuitem], [role=option], [role=tab], [role=switch], input[type=checkbox], input[type=radio], [aria-haspopup=listbox]') !== null
  if (chord.startsWith('Arrow') || chord === 'Home' || chord === 'End') return target.closest('[role=menu], [role=listbox], [role=slider], [role=tablist], [role=radiogroup], input[type=range], input[type=radio], [aria-haspopup=listbox]') !== null
  return false
}
