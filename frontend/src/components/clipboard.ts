/** What to say where a browser lets nothing be copied. */
export const NOT_COPIED = 'The browser allows copying over https and on this machine only. Select the text and press Ctrl C.'

/** Copy text; false where the browser refuses. Plain http has no clipboard, but still knows the older way: by what is selected. */
export const copyText = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text)
  }
}

const copySelected = (text: string): boolean => {
  const focused = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  area.style.opacity = '0'
  document.body.append(area)
  area.focus()
  area.select()
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way there is over plain http
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus()
  }
}
