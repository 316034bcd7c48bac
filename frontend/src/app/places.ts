import type { SpotlightActionData } from '@mantine/spotlight'
import { useMemo } from 'react'
import { useNavigate } from 'react-router'
import { useMe, useProject } from '@/state/account'

/** The pages this person comes to in the project in view, in the order of the top bar. */
export const PAGES: readonly { to: string; label: string; about: string; abilities: readonly string[] }[] = [
  { to: '/worklist', label: 'Worklist', about: 'Cases to label', abilities: ['case.label', 'case.manage'] },
  { to: '/learning', label: 'Learning', about: 'Models and training', abilities: ['model.view'] },
  { to: '/datasets', label: 'Datasets', about: 'Frozen versions, pull', abilities: ['dataset.view'] },
  { to: '/intake', label: 'Intake', about: 'Sources, imports, quarantine', abilities: ['intake.view'] },
  { to: '/projects', label: 'Projects', about: 'Members and protocol', abilities: [] },
]

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
