/** How a disagreement is said. */
import type { Form } from '@/geometry/grades'
import { answerWords, type Finding, type Take } from '@/state/review'
import { nameOf } from '@/state/structure'

const siteWords = (finding: Finding & { kind: 'grade' }): string => {
  const [, ...parts] = finding.site.split('/')
  const level = finding.body ? nameOf(parts[0] === 'disc' ? `IVD_${finding.body}` : finding.body) : 'a level'
  const side = parts.at(-1)
  return side && side !== 'disc' ? `${level}, ${side}` : level
}

export const titleOf = (finding: Finding, forms: readonly Form[]): string => {
  switch (finding.kind) {
    case 'levels':
      return 'Names of the levels'
    case 'grade':
      return `${forms.find((form) => form.code === finding.form)?.title ?? finding.form} ${siteWords(finding)}`
    case 'missing':
      return `${nameOf(finding.structure)} drawn by ${finding.a ? 'A' : 'B'} only`
    case 'outline':
      return `${nameOf(finding.structure)} outline`
  }
}

export const sizeOf = (finding: Finding, forms: readonly Form[]): string => {
  switch (finding.kind) {
    case 'levels':
      return `${finding.bodies.length} ${finding.bodies.length === 1 ? 'structure' : 'structures'}`
    case 'grade':
      return `${answerWords(forms, finding.form, finding.a)} / ${answerWords(forms, finding.form, finding.b)}`
    case 'missing':
      return `${Math.max(...finding.ml).toFixed(1)} ml`
    case 'outline':
      return finding.worst_mm === null ? '' : `${finding.worst_mm.toFixed(1)} mm`
  }
}

export const aboutOf = (finding: Finding): string => {
  switch (finding.kind) {
    case 'levels':
      return 'Choosing one renumbers its masks and grades with it.'
    case 'grade':
      return 'The one that is taken stands in the consensus with your name and the time.'
    case 'missing':
      return 'Taking the other leaves it out.'
    case 'outline':
      return `Dice ${finding.dice.toFixed(2)}; ${finding.ml[0].toFixed(1)} ml against ${finding.ml[1].toFixed(1)} ml.`
  }
}

export const TAKEN: Readonly<Record<Take, string>> = { a: 'took A', b: 'took B', edit: 'edited' }
