/** Small drawings of one line weight. A state's glyph says the same as its word and its colour. */

const PATHS = {
  check: 'M3 8.5l3.2 3.2L13 4.8',
  triangle: 'M8 2.2 14.3 13.4H1.7zM8 6.6v3M8 11.4v.1',
  octagon: 'M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  ring: 'M8 2.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 1 1 0-10.4z',
  half: 'M8 2.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 1 1 0-10.4zM8 2.8v10.4M10.4 3.6v8.8M12.4 5.4v5.2',
  lock: 'M4.4 7h7.2a1.2 1.2 0 0 1 1.2 1.2v4.4a1.2 1.2 0 0 1-1.2 1.2H4.4a1.2 1.2 0 0 1-1.2-1.2V8.200A1.2 1.2 0 0 1 4.400 7zM5.2 7V5a2.8 2.8 0 0 1 5.6 0v2',
  dashed: 'M8 2.8a5.2 5.2 0 1 1 0 10.4a5.2 5.2 0 1 1 0-10.4z',
  down: 'M4 6.2 8 10l4-3.8',
  right: 'M6.2 4 10 8l-3.8 4',
  left: 'M9.8 4 6 8l3.8 4',
  arrow: 'M3 8h10M9 4l4 4-4 4',
  search: 'M7 2.8a4.2 4.2 0 1 1 0 8.400a4.200 4.200 0 1 1 0-8.400zM10.200 10.200 14 14',
  layers: 'M2 5.6 8 2.6l6 3-6 3zM2 8.400l6 3 6-3M2 11.200l6 3 6-3',
  chip: 'M5.200 4h5.600A1.200 1.200 0 0 1 12 5.200v5.600a1.200 1.200 0 0 1-1.200 1.200H5.200A1.200 1.200 0 0 1 4 10.800V5.200A1.200 1.200 0 0 1 5.200 4zM6 1.800V4M10 1.800V4M6 12v2.200M10 12v2.200M1.800 6H4M1.800 10H4M12 6h2.200M12 10h2.200',
  clock: 'M8 2.200a5.800 5.800 0 1 1 0 11.600a5.800 5.800 0 1 1 0-11.600zM8 4.800V8l2.200 1.600',
  dice: 'M4.600 2.600h6.800a2 2 0 0 1 2 2v6.800a2 2 0 0 1-2 2H4.600a2 2 0 0 1-2-2V4.600a2 2 0 0 1 2-2zM5.600 5.600h.1M10.400 10.400h.1M10.400 5.600h.1M5.600 10.400h.1',
  store: 'M2.600 3h10.800v4H2.600zM2.600 9h10.800v4H2.600zM5 5h.1M5 11h.1',
  shield: 'M8 1.900l5 1.800v3.900c0 3.200-2.100 5.500-5 6.500-2.900-1-5-3.300-5-6.500V3.700z',
  copy: 'M5.600 5.600h7.800v7.800H5.600zM10.400 5.600V2.600H2.600v7.800h3',
  people: 'M6 7.600a2.400 2.400 0 1 0 0-4.800a2.400 2.400 0 0 0 0 4.800zM1.800 13.200c.4-2.600 2-3.900 4.200-3.900s3.800 1.300 4.200 3.900M10.600 3a2.400 2.400 0 0 1 0 4.400M12 9.700c1.300.6 2 1.800 2.200 3.500',
  cross: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  out: 'M9.600 3H3.400v10h6.200M7 8h7M11.200 5.200 14 8l-2.800 2.800',
  keyboard: 'M1.800 4.200h12.400v7.600H1.800zM4.200 6.600h.1M6.700 6.600h.1M9.200 6.600h.1M11.700 6.600h.1M5 9.400h6',
  folder: 'M1.800 4h4.400l1.400 1.600h6.600v7.200H1.800z',
  wave: 'M1.600 8h3l1.600-4.400 3 8.800L10.800 8h3.600',
} as const

export type GlyphName = keyof typeof PATHS

export function Glyph({ name, size = 16, label }: { name: GlyphName; size?: number; label?: string }) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={size < 14 ? 1.9 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      strokeDasharray={name === 'dashed' ? '2.3 2.3' : undefined}
      style={{ flex: 'none', verticalAlign: size < 14 ? -2 : -3 }}
      {...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true })}
    >
      <path d={PATHS[name]} />
      {name === 'half' && <path d="M8 2.8a5.2 5.2 0 0 1 0 10.4z" fill="currentColor" stroke="none" />}
    </svg>
  )
}

/** The mark of Columna: four bodies of a spine. */
export function Mark({ height = 22 }: { height?: number }) {
  return (
    <svg viewBox="0 0 18 22" height={height} width={(height * 18) / 22} aria-hidden="true">
      <g fill="var(--accent)">
        <rect x="5.5" y="0" width="9" height="4" rx="1.6" />
        <rect x="4" y="6" width="10" height="4" rx="1.6" />
        <rect x="4" y="12" width="10.5" height="4" rx="1.6" />
        <rect x="6.5" y="18" width="9.5" height="4" rx="1.6" />
      </g>
    </svg>
  )
}
