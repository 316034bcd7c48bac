import { Enums } from '@cornerstonejs/core'

interface Range {
  lower: number
  upper: number
}

/** Hear of a window that a drag in this element makes; what the library sets when an image arrives is not told. Returns the way to stop. */
export function watchWindowDrag(element: HTMLDivElement, range: () => Range | undefined, dragged: (window: { center: number; width: number }) => void): () => void {
  let isHeld = false
  const release = () => (isHeld = false)
  const press = () => {
    isHeld = true
    window.addEventListener('pointerup', release, { once: true })
  }
  const tell = () => {
    const now = isHeld ? range() : undefined
    if (now) dragged({ center: (now.lower + now.upper) / 2, width: now.upper - now.lower })
  }
  element.addEventListener('pointerdown', press)
  element.addEventListener(Enums.Events.VOI_MODIFIED, tell)
  return () => {
    element.removeEventListener('pointerdown', press)
    element.removeEventListener(Enums.Events.VOI_MODIFIED, tell)
    window.removeEventListener('pointerup', release)
  }
}
