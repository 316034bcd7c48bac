/** A pointer that the keyboard moves: whatever is drawn, dragged or clicked on a picture can be done without a mouse (WCAG 2.1.1, 2.5.7). */
import { useEffect, useMemo } from 'react'
import { useKeys } from '@/keys/useKeys'
import classes from './read.module.css'
import type { Room } from './room'

const STEP = 2
const FAR = 20
/** No pointer of a person has this number. */
const ID = 7001

export class KeyPointer {
  private pane = ''
  private x = 0
  private y = 0
  private isDown = false
  private mark: HTMLElement | null = null

  constructor(private readonly room: Room) {}

  /** Move within the active picture; it begins in its middle. */
  move(dx: number, dy: number): void {
    const box = this.box()
    if (!box) return
    this.x = Math.max(1, Math.min(box.width - 1, this.x + dx))
    this.y = Math.max(1, Math.min(box.height - 1, this.y + dy))
    this.show(box)
    this.send('pointermove')
  }

  click(): void {
    if (this.isDown || !this.box()) return
    this.send('pointerdown')
    this.send('pointerup')
  }

  hold(): void {
    if (!this.box()) return
    this.isDown = !this.isDown
    this.send(this.isDown ? 'pointerdown' : 'pointerup')
    if (this.mark) this.mark.dataset['down'] = String(this.isDown)
  }

  /** The active picture on the page; a new one takes the pointer into its middle. */
  private box(): DOMRect | null {
    const active = this.room.getView().activePane
    const canvas = document.querySelector(`[data-pane="${active}"] canvas`)
    const box = canvas?.getBoundingClientRect()
    if (!box?.width) return null
    if (this.pane !== active) {
      this.pane = active
      this.x = box.width / 2
      this.y = box.height / 2
      this.show(box)
    }
    return box
  }

  private send(type: 'pointerdown' | 'pointermove' | 'pointerup'): void {
    const box = this.box()
    if (!box) return
    const clientX = box.left + this.x
    const clientY = box.top + this.y
    const target = document.elementFromPoint(clientX, clientY)
    const buttons = type === 'pointerup' || (type === 'pointermove' && !this.isDown) ? 0 : 1
    target?.dispatchEvent(new PointerEvent(type, { bubbles: true, composed: true, cancelable: true, pointerId: ID, pointerType: 'mouse', isPrimary: true, button: type === 'pointermove' ? -1 : 0, buttons, clientX, clientY }))
  }

  private show(box: DOMRect): void {
    this.mark ??= this.made()
    this.mark.style.transform = `translate(${box.left + this.x}px, ${box.top + this.y}px)`
  }

  private made(): HTMLElement {
    const mark = document.createElement('div')
    mark.className = classes['keyPointer'] ?? ''
    mark.setAttribute('aria-hidden', 'true')
    document.body.append(mark)
    return mark
  }

  dispose(): void {
    this.mark?.remove()
  }
}

export function useKeyPointer(room: Room): void {
  const pointer = useMemo(() => new KeyPointer(room), [room])
  useEffect(() => () => pointer.dispose(), [pointer])
  useKeys({
    'read.pointer.left': () => pointer.move(-STEP, 0),
    'read.pointer.right': () => pointer.move(STEP, 0),
    'read.pointer.up': () => pointer.move(0, -STEP),
    'read.pointer.down': () => pointer.move(0, STEP),
    'read.pointer.farLeft': () => pointer.move(-FAR, 0),
    'read.pointer.farRight': () => pointer.move(FAR, 0),
    'read.pointer.farUp': () => pointer.move(0, -FAR),
    'read.pointer.farDown': () => pointer.move(0, FAR),
    'read.pointer.click': { down: () => pointer.click() },
    'read.pointer.hold': { down: () => pointer.hold() },
  })
}
