/** Small schematic pictures of what a grade looks like: our own drawings, not to scale. */
import type { ReactNode } from 'react'
import { CONTOUR, ENDPLATE, FORAMEN, LEE_CANAL, LEE_FORAMEN, RECESS, SCHIZAS } from './drawings'

const BONE = '#6f7880'
const INK = '#353c43'

function Frame({ children, label }: { children: ReactNode; label: string }) {
  return (
    <svg viewBox="0 0 60 44" width={60} height={44} role="img" aria-label={label} style={{ flex: 'none', background: 'var(--well)', borderRadius: 3 }}>
      {children}
    </svg>
  )
}

/** Two bodies and the space between them. */
function Motion({ gap, children }: { gap: number; children: ReactNode }) {
  const top = 22 - gap / 2
  const bottom = 22 + gap / 2
  return (
    <>
      <path d={`M8 2h36v${top - 3}q-18 ${gap > 6 ? 3 : 1} -36 0z`} fill={BONE} />
      <path d={`M8 42h36v-${42 - bottom - 1}q-18 -${gap > 6 ? 3 : 1} -36 0z`} fill={BONE} />
      {children}
    </>
  )
}

const disc = (gap: number, outer: string, inner: string | null, blur = false): ReactNode => (
  <Motion gap={gap}>
    <ellipse cx={26} cy={22} rx={18} ry={gap / 2} fill={outer} stroke={INK} strokeWidth={0.8} />
    {inner && <ellipse cx={26} cy={22} rx={blur ? 12 : 11} ry={gap / 2 - 2} fill={inner} opacity={blur ? 0.7 : 1} />}
  </Motion>
)

const PFIRRMANN: Readonly<Record<string, ReactNode>> = {
  '1': disc(12, '#4b535b', '#eef2f5'),
  '2': (
    <>
      {disc(12, '#4b535b', '#d2d9df')}
      <path d="M16 22h20" stroke="#59626b" strokeWidth={1.6} />
    </>
  ),
  '3': disc(11, '#4b535b', '#99a2aa', true),
  '4': disc(9, '#3f474e', '#565f67', true),
  '5': disc(3.4, '#15191c', null),
}

const plate = (t1: string, t2: string): ReactNode => (
  <>
    {[
      [2, t1, 'T1'],
      [32, t2, 'T2'],
    ].map(([x, fill, word]) => (
      <g key={word} transform={`translate(${x} 0)`}>
        <path d="M2 2h22v14q-11 3 -22 0z" fill={BONE} />
        <path d="M2 11h22v5q-11 3 -22 0z" fill={String(fill)} />
        <ellipse cx={13} cy={22} rx={11} ry={4} fill="#2a3036" />
        <path d="M2 42h22v-14q-11 -3 -22 0z" fill={BONE} />
        <path d="M2 33h22v-5q-11 -3 -22 0z" fill={String(fill)} />
        <text x={13} y={40.5} fontSize={6} textAnchor="middle" fill="#e1e5e9">
          {word}
        </text>
      </g>
    ))}
  </>
)

const MODIC: Readonly<Record<string, ReactNode>> = { '0': plate(BONE, BONE), '1': plate('#23282c', '#eef2f5'), '2': plate('#eef2f5', '#c3cad0'), '3': plate('#15191c', '#15191c') }

/** The canal cut across at the disc, the arch behind it: the sac, and dashed what it would be if nothing pressed on it. */
const canal = (wide: number, high: number, roots: readonly (readonly [number, number])[], isEmpty = false): ReactNode => (
  <>
    <path d="M6 0h48v7q-24 9 -48 0z" fill={BONE} />
    <path d="M6 20l9 -4v12l15 13l15 -13v-12l9 4v24h-48z" fill={BONE} />
    <ellipse cx={30} cy={24} rx={14} ry={11} fill="none" stroke="#59626b" strokeWidth={0.8} strokeDasharray="2 2" />
    <ellipse cx={30} cy={24} rx={wide} ry={high} fill={isEmpty ? '#7d868e' : '#dfe5ea'} />
    {roots.map(([x, y]) => (
      <circle key={`${x} ${y}`} cx={x} cy={y} r={1.2} fill="#59626b" />
    ))}
  </>
)
const CANAL: Readonly<Record<string, ReactNode>> = {
  normal_mild: canal(14, 11, [[21, 29], [25, 31.5], [30, 32.5], [35, 31.5], [39, 29]]),
  moderate: canal(11, 6.5, [[22, 24], [26, 22.5], [30, 25], [34, 22.5], [38, 24], [26, 27], [34, 27]]),
  severe: canal(8, 2.8, [], true),
}

const body = (front: number, back: number): ReactNode => <path d={`M14 ${22 - front / 2}L46 ${22 - back / 2}V${22 + back / 2}L14 ${22 + front / 2}z`} fill={BONE} stroke={INK} />
const GENANT: Readonly<Record<string, ReactNode>> = { '0': body(30, 30), '1': body(23, 30), '2': body(20, 30), '3': body(13, 30) }

/** The upper body over the lower one, moved to the front; beyond its edge it drops. */
const slip = (by: number, drop = 0): ReactNode => (
  <>
    <rect x={28 - by} y={3 + drop} width={30} height={17} rx={2} fill={BONE} />
    <rect x={28} y={25} width={30} height={17} rx={2} fill={BONE} />
    {by > 0 && !drop && <path d={`M28 21v3M${28 - by} 21v3`} stroke="#dfca9a" strokeWidth={1} />}
  </>
)
const MEYERDING: Readonly<Record<string, ReactNode>> = { '0': slip(0), '1': slip(6), '2': slip(12), '3': slip(19), '4': slip(27), '5': slip(28, 15) }

const PICTURES: Readonly<Record<string, Readonly<Record<string, ReactNode>>>> = {
  pfirrmann: PFIRRMANN,
  modic: MODIC,
  rsna_canal: CANAL,
  rsna_subarticular: RECESS,
  rsna_foraminal: FORAMEN,
  genant: GENANT,
  meyerding: MEYERDING,
  schizas: SCHIZAS,
  lee_canal: LEE_CANAL,
  lee_foraminal: LEE_FORAMEN,
  disc_contour: CONTOUR,
  endplate_change: ENDPLATE,
}

/** The picture of an answer; nothing for answers that have none. */
export function Picture({ form, value, label }: { form: string; value: string; label: string }) {
  const drawing = PICTURES[form]?.[value]
  return drawing ? <Frame label={`${label}: schematic`}>{drawing}</Frame> : null
}
