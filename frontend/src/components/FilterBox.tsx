import { useRef } from 'react'
import { useKeys } from '@/keys/useKeys'
import classes from './FilterBox.module.css'
import { Glyph } from './Glyph'
import { ActionKey } from './KeyCap'

/** Filters a list while typing; the key takes the focus here, Esc empties it and gives the focus back. */
export function FilterBox({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  useKeys({ 'list.filter': () => input.current?.focus() })
  return (
    <span className={classes['box']}>
      <Glyph name="search" size={12} />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder="Filter"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' && event.key !== 'Enter') return
          if (event.key === 'Escape') onChange('')
          event.stopPropagation()
          event.currentTarget.blur()
        }}
      />
      {value === '' && <ActionKey action="list.filter" />}
    </span>
  )
}
