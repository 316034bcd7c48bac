import type { SpotlightActionData } from '@mantine/spotlight'
import { useMemo } from 'react'
import { useNavigate } from 'react-router'
import { useMe, useProject } from '@/state/account'

interface Page {
  to: string
  label: string
  about: string
  /** Any of these opens the page; none: everybody. */
  abilities: readonly string[]
  /** Whoever has one of these comes here to work, not to look, and arrives here. */
  work: readonly string[]
}

/** The pages this person comes to in the project in view, in the order of the top bar. */
export const PAGES: readonly Page[] = [
  { to: '/worklist', label: 'Worklist', about: 'Cases to label', abilities: ['case.label', 'case.manage'], work: ['case.label', 'case.manage'] },
  { to: '/learning', label: 'Learning', about: 'Models and training', abilities: ['model.view'], work: ['model.train'] },
  { to: '/datasets', label: 'Datasets', about: 'Frozen versions, pull', abilities: ['dataset.view'], work: ['dataset.pull', 'dataset.approve'] },
  { to: '/intake', label: 'Intake', about: 'Sources, imports, quarantine', abilities: ['intake.view'], work: ['quarantine.decide', 'source.manage'] },
  { to: '/projects', label: 'Projects', about: 'Members and protocol', abilities: [], work: [] },
]

/** Where somebody with these abilities arrives: the first page where they have work, else the first that opens to them. */
export const homeOf = (abilities: readonly string[]): string => {
  const among = (wanted: readonly string[]) => wanted.some((ability) => abilities.includes(ability))
  const page = PAGES.find(({ work }) => among(work)) ?? PAGES.find((each) => among(each.abilities))
  return page?.to ?? '/projects'
}

export function usePages() {
  const { project } = useProject()
  return useMemo(() => PAGES.filter(({ abilities }) => abilities.length === 0 || abilities.some((ability) => project?.abilities.includes(ability))), [project])
}

/** Where the spotlight can go: pages, projects. */
export function usePlaces(): SpotlightActionData[] {
  const navigate = useNavigate()
  const pages = usePages()
  const { projects, choose } = useProject()
  const { data: me } = useMe()
  return useMemo(() => {
    const toPages = pages.map(({ to, label, about }) => ({ id: to, label, description: about, onClick: () => void navigate(to) }))
    const toProjects = projects.map(({ slug, name }) => ({ id: `project:${slug}`, label: name, description: 'Switch to this project', onClick: () => choose(slug) }))
    return me ? [...toPages, ...toProjects] : []
  }, [pages, projects, choose, navigate, me])
}
