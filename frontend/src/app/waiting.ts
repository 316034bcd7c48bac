import { useMay, useProject } from '@/state/account'
import { isElsewhere, isToDo, useCases } from '@/state/case'
import { useQuarantine } from '@/state/intake'

/** How many things wait on a page for this person, by its address. */
export function useWaiting(): Record<string, number | undefined> {
  const { project } = useProject()
  const slug = project?.slug ?? ''
  const [mayLabel, mayManage, mayDecide] = [useMay('case.label'), useMay('case.manage'), useMay('quarantine.decide')]
  const { data: cases } = useCases(mayLabel || mayManage ? slug : '')
  const { data: quarantine } = useQuarantine(slug, mayDecide)
  return {
    '/worklist': cases?.results.filter((item) => isToDo(item) && !isElsewhere(item)).length,
    '/intake': quarantine?.count,
  }
}
