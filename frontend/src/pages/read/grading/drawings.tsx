/** Schematic drawings of what lies in the canal, the recess, the foramen, and at the edges of a disc: our own, not to scale. Behind is below. */
import type { ReactNode } from 'react'

export type Drawings = Readonly<Record<string, ReactNode>>

const BONE = '#6f7880'
const FLUID = '#dfe5ea'
const ROOT = '#59626b'
const FAT = '#a9976a'
const SOLID = '#7d868e'

type Point = readonly [x: number, y: number]

const dots = (points: readonly Point[], radius = 1.3): ReactNode => points.map(([x, y]) => <circle key={`${x} ${y}`} cx={x} cy={y} r={radius} fill={ROOT} />)

/** A dural sac cut across, with what it holds; fat lies behind it unless it is pressed away. */
const sac = (half: number, inside: ReactNode, { fill = FLUID, hasFat = true } = {}): ReactNode => (
  <>
    <path d="M8 0h44v5q-22 8 -44 0z" fill={BONE} />
    {hasFat && <path d="M30 44l-9 -7q9 4 18 0z" fill={FAT} />}
    <ellipse cx={30} cy={22} rx={10 + half * 0.55} ry={half} fill={fill} stroke="#353c43" strokeWidth={0.8} />
    {inside}
  </>
)
const behind: readonly Point[] = [[24, 31], [27, 32.5], [30, 33], [33, 32.5], [36, 31]]
const horseshoe: readonly Point[] = [[16, 24], [18, 28], [21, 31], [25, 33], [30, 33.5], [35, 33], [39, 31], [42, 28], [44, 24]]
const upTo = (top: number): readonly Point[] => [33, 29.5, 26, 22.5, 19, 15.5].filter((y) => y >= top).flatMap((y) => [22, 26, 30, 34, 38].map((x): Point => [x + ((y * 2) % 3), y]))
const central: readonly Point[] = [18, 21, 24, 27].flatMap((y) => [23, 26.5, 30, 33.5, 37].map((x): Point => [x, y]))

export const SCHIZAS: Drawings = {
  A1: sac(14, dots(behind)),
  A2: sac(14, dots(horseshoe)),
  A3: sac(13, dots(upTo(22.5))),
  A4: sac(12, dots(central)),
  B: sac(10, dots(upTo(15.5).filter(([x, y]) => y < 31 && x > 20))),
  C: sac(8, null, { fill: SOLID }),
  D: sac(6, null, { fill: SOLID, hasFat: false }),
}

export const LEE_CANAL: Drawings = {
  '0': sac(14, dots(behind)),
  '1': sac(11, dots([[22, 20], [26, 25], [30, 20], [34, 25], [38, 20], [30, 29]])),
  '2': sac(9, <>{dots([[22, 22], [38, 22]])}<ellipse cx={30} cy={23} rx={5} ry={4} fill={ROOT} /></>),
  '3': sac(7, <ellipse cx={30} cy={22} rx={9} ry={4.6} fill={ROOT} />),
}

/** The recess at the side of the sac: a root between the facet behind and the disc in front. */
const recess = (gap: number): ReactNode => (
  <>
    <path d="M4 0h52v6q-26 9 -52 0z" fill={BONE} />
    <ellipse cx={22} cy={22} rx={14} ry={11} fill={FLUID} />
    <path d={`M34 ${22 + gap}q8 -3 18 -2v18h-22q6 -6 4 -16z`} fill={BONE} />
    <ellipse cx={43} cy={13 + gap / 2} rx={3} ry={Math.min(3, 1 + gap / 3)} fill="#b9c1c8" />
  </>
)
export const RECESS: Drawings = { normal_mild: recess(7), moderate: recess(3), severe: recess(0) }

/** A foramen from the side: bodies and disc in front (left), bone round the rest of it; fat where it is wider than its root. */
const foramen = (wide: number, high: number, root: number, flat: number, bulge = 0): ReactNode => (
  <>
    <path d="M0 0h60v44h-60z" fill={BONE} />
    <path d={`M0 18h17q${3 + bulge} 5 0 10h-17z`} fill="#353c43" />
    <ellipse cx={33} cy={22} rx={wide} ry={high} fill={FLUID} />
    {bulge > 0 && <path d={`M17 17q${5 + bulge} 6 0 12z`} fill="#353c43" />}
    <ellipse cx={33} cy={22} rx={root} ry={flat} fill="#23282c" />
  </>
)
export const LEE_FORAMEN: Drawings = { '0': foramen(12, 14, 4, 4), '1': foramen(12, 4.3, 4, 4), '2': foramen(4.4, 4.4, 4, 4), '3': foramen(4.6, 1.9, 4.2, 1.5) }
export const FORAMEN: Drawings = { normal_mild: foramen(12, 14, 4, 4), moderate: foramen(9, 7.5, 4, 4, 10), severe: foramen(5, 2.4, 4.2, 1.6, 22) }

/** A disc cut across inside the edge of its endplate; the canal lies below. */
const edge = (shape: ReactNode): ReactNode => (
  <>
    {shape}
    <ellipse cx={30} cy={18} rx={22} ry={14} fill="none" stroke={BONE} strokeWidth={1.6} />
    <path d="M22 42q8 -10 16 0z" fill={FLUID} />
  </>
)
const within = <ellipse cx={30} cy={18} rx={21} ry={13} fill="#4b535b" />
const out = (d: string): ReactNode => (
  <>
    {within}
    <path d={d} fill="#8d959d" />
  </>
)
export const CONTOUR: Drawings = {
  normal: edge(within),
  bulge: edge(<ellipse cx={30} cy={19} rx={26} ry={17} fill="#8d959d" />),
  protrusion: edge(out('M20 29q10 11 20 0z')),
  extrusion: edge(out('M28 29q-1 3 -5 5q-1 5 7 5q8 0 7 -5q-4 -2 -5 -5z')),
  sequestration: edge(
    <>
      {within}
      <ellipse cx={32} cy={38} rx={5} ry={3.4} fill="#8d959d" />
    </>,
  ),
}

/** The lower edge of a body over a disc. */
const plate = (line: string, more: ReactNode = null): ReactNode => (
  <>
    <path d="M6 26h48v12q-24 6 -48 0z" fill="#3f474e" />
    <path d={`M6 2h48V26${line}z`} fill={BONE} />
    {more}
  </>
)
export const ENDPLATE: Drawings = {
  intact: plate('Q30 22 6 26'),
  schmorl: plate('H38q-2 -10 -8 -10q-6 0 -8 10H6', <path d="M38 26q-2 -10 -8 -10q-6 0 -8 10" fill="#3f474e" stroke="#dfe5ea" strokeWidth={1} />),
  erosion: plate('L48 23L43 27L38 22L33 26L28 21L23 26L18 23L13 27L6 25'),
  fracture: plate('L32 25L34 18L28 20L26 25L6 26', <path d="M33 25l2 -9l-4 -8" stroke="#15191c" strokeWidth={1.4} fill="none" />),
  sclerosis: plate('Q30 22 6 26', <path d="M54 26Q30 22 6 26v-7Q30 15 54 19z" fill="#eef2f5" />),
}
