import { afterEach, describe, expect, it, vi } from 'vitest'
import { copyText } from './clipboard'

describe('copying over plain http, where there is no clipboard', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('takes what is selected, leaves nothing behind and gives the focus back', async () => {
    const button = document.createElement('button')
    document.body.append(button)
    button.focus()
    let copied = ''
    vi.stubGlobal('navigator', {})
    Object.assign(document, {
      execCommand: () => {
        copied = (document.activeElement as HTMLTextAreaElement).value
        return true
      },
    })
    expect(await copyText('columna pull a@1')).toBe(true)
    expect(copied).toBe('columna pull a@1')
    expect(document.querySelector('textarea')).toBeNull()
    expect(document.activeElement).toBe(button)
  })

  it('says so where that is refused as well', async () => {
    vi.stubGlobal('navigator', {})
    Object.assign(document, { execCommand: () => false })
    expect(await copyText('x')).toBe(false)
  })
})
