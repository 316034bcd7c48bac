/** Points and directions are (x, y, z) in mm, patient LPS. */
export type Vec3 = readonly [number, number, number]

export const add = (a: Vec3, b: Vec3): Vec3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
export const scale = (a: Vec3, factor: number): Vec3 => [a[0] * factor, a[1] * factor, a[2] * factor]
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const length = (a: Vec3): number => Math.hypot(a[0], a[1], a[2])
export const normalize = (a: Vec3): Vec3 => scale(a, 1 / (length(a) || 1))
export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]

const LETTERS = [
  ['L', 'R'],
  ['P', 'A'],
  ['H', 'F'],
] as const

/** The patient side a direction points to, strongest axis first: "L", "AL", at most two letters (PS3.3 C.7.6.1.1.1, with H/F for the axis of the body). */
export const side = (direction: Vec3): string => {
  const unit = normalize(direction)
  return [0, 1, 2]
    .filter((axis) => Math.abs(unit[axis as 0 | 1 | 2]) > 0.3)
    .sort((a, b) => Math.abs(unit[b as 0 | 1 | 2]) - Math.abs(unit[a as 0 | 1 | 2]))
    .slice(0, 2)
    .map((axis) => LETTERS[axis as 0 | 1 | 2][unit[axis as 0 | 1 | 2] > 0 ? 0 : 1])
    .join('')
}

const ACROSS: Readonly<Record<string, string>> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' }

/** The side across the body: "AL" gives "PR". */
export const opposite = (word: string): string => word.replaceAll(/[APRLHF]/g, (letter) => ACROSS[letter] ?? letter)
