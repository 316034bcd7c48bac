import { afterEach, describe, expect, it, vi } from 'vitest'
import { bindKeys, boundActions, setRemap, silenceKeys } from './listener'

const press = (key: string, code = '', on: EventTarget = document.body, more: KeyboardEventInit = {}) => on.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true, ...more }))
const undo: (() => void)[] = []
const bound = (...args: Parameters<typeof bindKeys>) => undo.push(bindKeys(...args))

afterEach(() => {
  undo.splice(0).forEach((stop) => stop())
  setRemap({})
  document.body.replaceChildren()
})

describe('the listener', () => {
  it('asks the binding made last first, and those before it for what it does not bind', () => {
    const [page, dialog, help] = [vi.fn(), vi.fn(), vi.fn()]
    bound({ 'list.next': page, help })
    bound({ 'list.next': dialog })
    press('j', 'KeyJ')
    press('?', 'Slash')
    expect([page, dialog, help].map((fn) => fn.mock.calls.length)).toEqual([0, 1, 1])
  })

  it('never acts while somebody types', () => {
    const next = vi.fn()
    bound({ 'list.next': next })
    const input = document.body.appendChild(document.createElement('input'))
    press('j', 'KeyJ', input)
    expect(next).not.toHaveBeenCalled()
  })

  it('goes on acting after a choice from a list, whose box keeps only its arrows and Enter', () => {
    const [next, accept] = [vi.fn(), vi.fn()]
    bound({ 'read.tool.brush': next, 'read.accept': { down: accept } })
    const box = document.body.appendChild(document.createElement('input'))
    box.readOnly = true
    box.setAttribute('aria-haspopup', 'listbox')
    box.matches = (selector) => selector === ':focus-visible' || Element.prototype.matches.call(box, selector)
    press('b', 'KeyB', box)
    press('Enter', 'Enter', box)
    expect([next.mock.calls.length, accept.mock.calls.length]).toEqual([1, 0])
  })

  it('hears keys with Ctrl before a list box that any Enter would open', () => {
    const submit = vi.fn()
    bound({ 'read.submit': submit })
    const box = document.body.appendChild(document.createElement('input'))
    box.readOnly = true
    box.setAttribute('aria-haspopup', 'listbox')
    const opened = vi.fn()
    box.addEventListener('keydown', opened)
    press('Enter', 'Enter', box, { ctrlKey: true })
    expect([submit.mock.calls.length, opened.mock.calls.length]).toEqual([1, 0])
  })

  it('hears only what is heard everywhere while a dialog is open', () => {
    const [next, help] = [vi.fn(), vi.fn()]
    bound({ 'list.next': next, help })
    const speak = silenceKeys()
    press('j', 'KeyJ')
    press('?', 'Slash')
    speak()
    press('j', 'KeyJ')
    expect([next.mock.calls.length, help.mock.calls.length]).toEqual([1, 1])
  })

  it('follows a remap at once', () => {
    const next = vi.fn()
    bound({ 'list.next': next })
    setRemap({ 'list.next': ['Z'] })
    press('j', 'KeyJ')
    press('z', 'KeyZ')
    expect(next).toHaveBeenCalledTimes(1)
  })

  it('tells how long a key was held', () => {
    const up = vi.fn()
    bound({ 'read.peek': { up } })
    press(' ', 'Space')
    window.dispatchEvent(new KeyboardEvent('keyup', { key: ' ', code: 'Space' }))
    expect(up).toHaveBeenCalledTimes(1)
  })

  it('knows what it would hear now', () => {
    const ignore = () => undefined
    bound({ 'list.next': ignore, help: ignore })
    expect(boundActions()).toEqual(['help', 'list.next'])
  })
})
