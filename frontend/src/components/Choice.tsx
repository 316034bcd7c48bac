import classes from './Choice.module.css'
import { Glyph } from './Glyph'

/** A small drop: its name in grey, its value in white. The browser's own list, so every keyboard and reader knows it. */
export function Choice<T extends string>({ label, options, value, onChange }: { label: string; options: readonly { value: T; label: string }[]; value: T; onChange: (value: T) => void }) {
  return (
    <label className={classes['choice']}>
      <span>{label}</span>
      <b aria-hidden="true">{options.find((option) => option.value === value)?.label ?? value}</b>
      <Glyph name="down" size={12} />
      <select value={value} onChange={(event) => onChange(event.target.value as T)} aria-label={label}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}
