import type { ReactNode, TableHTMLAttributes } from 'react'
import classes from './Table.module.css'

/** 32 px rows (60 with an image), hairlines, numbers right, the selected row raised with a bone edge. */
export function Table({ label, images = false, children, ...rest }: { label: string; images?: boolean; children: ReactNode } & TableHTMLAttributes<HTMLTableElement>) {
  return (
    <table {...rest} className={classes['table']} aria-label={label} data-images={images || undefined}>
      {children}
    </table>
  )
}

/** A column's head; `number` sets it and, by the same class on the cells, the figures to the right. */
export function Head({ number = false, width, children }: { number?: boolean; width?: number | string; children?: ReactNode }) {
  return (
    <th scope="col" style={{ width }} className={number ? classes['number'] : undefined}>
      {children ?? <span className="visually-hidden">What can be done</span>}
    </th>
  )
}

export function Cell({ number = false, wrap = false, children }: { number?: boolean; wrap?: boolean; children?: ReactNode }) {
  return <td className={`${number ? (classes['number'] ?? '') : ''} ${wrap ? (classes['wrap'] ?? '') : ''}`}>{children}</td>
}

/** A row that can be selected by mouse; lists bind j and k by useSelection. The row is only the larger target: what is in it can be focused. */
export function Row({ selected = false, onSelect, children, ...rest }: { selected?: boolean; onSelect?: () => void; children: ReactNode; 'data-row'?: string }) {
  return (
    <tr {...rest} className={onSelect ? classes['selectable'] : undefined} data-selected={selected || undefined} aria-selected={onSelect ? selected : undefined} onClick={onSelect}>
      {children}
    </tr>
  )
}
