/** How a disagreement is said. */
import type { Form } from '@/geometry/grades'
import { answerWords, SIDES, type Finding, type Side, type Take } from '@/state/review'
import { nameOf } from '@/state/structure'

const siteWords = (finding: Finding & { kind: 'grade' }): string => {
  const [, ...parts] = finding.site.split('/')
  const level = finding.body ? nameOf(parts[0] === 'disc' ? `IVD_${finding.body}` : finding.body) : 'a level'
  const side = parts.at(-1)
  return side && side !== 'disc' ? `${level}, ${side}` : level
}

/** Of three readings: what most say. */
const mostWords = (majority: Side | null | undefined): string => (majority === undefined ? '' : majority === null ? 'All three differ. ' : `Two of three say as ${majority.toUpperCase()}. `)

export const titleOf = (finding: Finding, forms: readonly Form[]): string => {
  switch (finding.kind) {
    case 'levels':
      return 'Names of the levels'
    case 'grade':
      return `${forms.find((form) => form.code === finding.form)?.title ?? finding.form} ${siteWords(finding)}`
    case 'missing':
      return `${nameOf(finding.structure)} drawn by ${SIDES.filter((side) => finding[side]).map((side) => side.toUpperCase()).join(' and ')} only`
    case 'outline':
      return `${nameOf(finding.structure)} outline`
  }
}

export const sizeOf = (finding: Finding, forms: readonly Form[]): string => {
  switch (finding.kind) {
    case 'levels':
      return `${finding.bodies.length} ${finding.bodies.length === 1 ? 'structure' : 'structures'}`
    case 'grade':
      return [finding.a, finding.b, ...(finding.c === undefined ? [] : [finding.c])].map((answer) => answerWords(forms, finding.form, answer)).join(' / ')
    case 'missing':
      return `${Math.max(...finding.ml).toFixed(1)} ml`
    case 'outline':
      return finding.worst_mm === null ? '' : `${finding.worst_mm.toFixed(1)} mm`
  }
}

export const aboutOf = (finding: Finding): string => {
  switch (finding.kind) {
    case 'levels':
      return `${mostWords(finding.majority)}Choosing one renumbers its masks and grades with it.`
    case 'grade':
      return `${mostWords(finding.majority)}The one that is taken stands in the consensus with your name and the time.`
    case 'missing':
      return 'Taking a reader who has not drawn it leaves it out.'
    case 'outline':
      return `Dice ${finding.dice.toFixed(2)}${finding.pairs ? ` of the two furthest apart (${Object.entries(finding.pairs).map(([pair, { dice }]) => `${pair.toUpperCase()} ${dice.toFixed(2)}`).join(', ')})` : ''}; ${finding.ml.map((ml) => `${ml.toFixed(1)} ml`).join(' against ')}.`
  }
}

export const TAKEN: Readonly<Record<Take, string>> = { a: 'took A', b: 'took B', c: 'took C', vote: 'took the vote', staple: 'took the weighed vote', edit: 'edited' }
