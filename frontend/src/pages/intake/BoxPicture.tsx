import { useEffect, useRef, useState, type PointerEvent } from 'react'
import { boxOf, SHOWN_SIDE, type Box } from '@/state/quarantine'
import classes from './Quarantine.module.css'

export interface BoxPictureProps {
  picture: Blob
  label: string
  boxes: readonly Box[]
  onBox: (box: Box) => void
  /** Told once the picture is there: whether boxes drawn on it lie where they will be blanked. */
  onMeasured: (trueSize: boolean) => void
}

/** A picture on which boxes are drawn by dragging. Its address is taken back when it goes. */
export function BoxPicture({ picture, label, boxes, onBox, onMeasured }: BoxPictureProps) {
  const image = useRef<HTMLImageElement>(null)
  const [size, setSize] = useState<{ rows: number; columns: number } | null>(null)
  const [drag, setDrag] = useState<{ from: [number, number]; to: [number, number] } | null>(null)
  const source = useObjectUrl(picture)
  const place = (event: PointerEvent): [number, number] => {
    const frame = event.currentTarget.getBoundingClientRect()
    return [((event.clientY - frame.top) / frame.height) * (size?.rows ?? 0), ((event.clientX - frame.left) / frame.width) * (size?.columns ?? 0)]
  }
  const trueSize = size !== null && Math.max(size.rows, size.columns) < SHOWN_SIDE
  const drawn = drag && size ? boxOf(drag.from, drag.to, size.rows, size.columns) : null
  return (
    <div className={classes['well']}>
      <div
        className={classes['picture']}
        data-drawable={trueSize || undefined}
        onPointerDown={(event) => {
          if (!trueSize) return
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: place(event), to: place(event) })
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: place(event) })}
        onPointerUp={() => {
          if (drawn) onBox(drawn)
          setDrag(null)
        }}
        onPointerCancel={() => setDrag(null)}
      >
        <img
          ref={image}
          src={source}
          alt={label}
          draggable={false}
          onLoad={(event) => {
            const { naturalHeight: rows, naturalWidth: columns } = event.currentTarget
            setSize({ rows, columns })
            onMeasured(Math.max(rows, columns) < SHOWN_SIDE)
          }}
        />
        {size &&
          [...boxes, ...(drawn ? [drawn] : [])].map((box) => (
            <i
              key={box.join(' ')}
              className={classes['box']}
              style={{ top: `${(box[0] / size.rows) * 100}%`, left: `${(box[1] / size.columns) * 100}%`, height: `${((box[2] - box[0]) / size.rows) * 100}%`, width: `${((box[3] - box[1]) / size.columns) * 100}%` }}
            />
          ))}
      </div>
    </div>
  )
}

function useObjectUrl(blob: Blob): string {
  const [url, setUrl] = useState('')
  useEffect(() => {
    const made = URL.createObjectURL(blob)
    // an object address lives outside React and has to be taken back
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return url
}
