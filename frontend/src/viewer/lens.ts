import type { CursorMark } from './overlay'

export interface Pointer {
  readonly x: number
  readonly y: number
}

export const LENS_RADIUS = 84
export const LENS_ZOOM = 3

/**
 * What lies under the pointer, three times as large, round the pointer itself: picture, masks and measurements as they stand. The point
 * that the tool acts on stays in the middle, so that it can be drawn, dragged and clicked through the lens.
 */
export const drawLens = (context: CanvasRenderingContext2D, element: HTMLElement, { x, y }: Pointer, mark: CursorMark | null): void => {
  const reach = LENS_RADIUS / LENS_ZOOM
  context.save()
  context.beginPath()
  context.arc(x, y, LENS_RADIUS, 0, 2 * Math.PI)
  context.fillStyle = '#000'
  context.fill()
  context.clip()
  for (const canvas of element.querySelectorAll('canvas')) {
    if (canvas.dataset['overlay'] === 'cursor' || !canvas.width || canvas.style.display === 'none') continue
    const ratio = canvas.width / (element.clientWidth || canvas.width)
    context.drawImage(canvas, (x - reach) * ratio, (y - reach) * ratio, 2 * reach * ratio, 2 * reach * ratio, x - LENS_RADIUS, y - LENS_RADIUS, 2 * LENS_RADIUS, 2 * LENS_RADIUS)
  }
  context.strokeStyle = '#e1e5e9'
  context.lineWidth = 1
  if (mark && mark.radius > 0) {
    context.beginPath()
    context.arc(x, y, Math.max(2, mark.radius * LENS_ZOOM), 0, 2 * Math.PI)
    context.stroke()
  } else
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      context.beginPath()
      context.moveTo(x + dx * 6, y + dy * 6)
      context.lineTo(x + dx * 20, y + dy * 20)
      context.stroke()
    }
  context.restore()
  context.beginPath()
  context.arc(x, y, LENS_RADIUS, 0, 2 * Math.PI)
  context.strokeStyle = '#dfca9a'
  context.lineWidth = 2
  context.stroke()
}
