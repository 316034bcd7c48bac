import { Menu } from '@mantine/core'
import { NavLink } from 'react-router'
import type { MyProject } from '@/api/types'
import { Glyph, Mark } from '../Glyph'
import { ActionKey } from '../KeyCap'
import classes from './TopBar.module.css'

export interface NavEntry {
  readonly to: string
  readonly label: string
  /** How many wait there; not drawn when 0 or unknown. */
  readonly count?: number | undefined
}

export interface TopBarProps {
  nav: readonly NavEntry[]
  project: MyProject | null
  projects: readonly MyProject[]
  onProject: (slug: string) => void
  person: { name: string; role: string }
  onFind: () => void
  onKeys: () => void
  onSignOut: () => void
  onDensity: () => void
  density: 'clinical' | 'touch'
}

export function TopBar({ nav, project, projects, onProject, person, onFind, onKeys, onSignOut, onDensity, density }: TopBarProps) {
  return (
    <header className={classes['top']}>
      <a href="#main" className={classes['skip']}>
        Skip to the page
      </a>
      <NavLink to="/worklist" className={classes['brand'] ?? ''} aria-label="Columna, to the worklist">
        <Mark />
        <span className={classes['name']}>Columna</span>
      </NavLink>
      <ProjectSwitch project={project} projects={projects} onProject={onProject} />
      <nav className={classes['nav']} aria-label="Pages">
        {nav.map(({ to, label, count }) => (
          <NavLink key={to} to={to} className={({ isActive }) => `${classes['link'] ?? ''} ${isActive ? (classes['on'] ?? '') : ''}`}>
            {label}
            {count ? (
              <span className={classes['count']}>
                {count}
                <span className="visually-hidden"> waiting</span>
              </span>
            ) : null}
          </NavLink>
        ))}
      </nav>
      <span className="spread" />
      <button type="button" className={classes['find']} onClick={onFind}>
        <Glyph name="search" size={12} />
        <span className={classes['findWords']}>Go to case, page, setting</span>
        <ActionKey action="go.anywhere" />
      </button>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <button type="button" className={classes['who']}>
            <b aria-hidden="true">{initials(person.name)}</b>
            <span className={classes['role']}>{person.role}</span>
            <span className="visually-hidden">Your account</span>
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{person.name}</Menu.Label>
          <Menu.Item leftSection={<Glyph name="keyboard" />} onClick={onKeys} rightSection={<ActionKey action="help" />}>
            Keys
          </Menu.Item>
          <Menu.Item leftSection={<Glyph name="layers" />} onClick={onDensity}>
            {density === 'touch' ? 'Clinical density' : 'Touch density'}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<Glyph name="out" />} onClick={onSignOut}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </header>
  )
}

function ProjectSwitch({ project, projects, onProject }: Pick<TopBarProps, 'project' | 'projects' | 'onProject'>) {
  if (!project) return null
  return (
    <Menu position="bottom-start" width={260}>
      <Menu.Target>
        <button type="button" className={classes['switch']}>
          <span className={classes['projectName']}>{project.name}</span>
          <Glyph name="down" size={12} />
          <span className="visually-hidden">Switch project</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Project</Menu.Label>
        {projects.map((one) => (
          <Menu.Item key={one.slug} onClick={() => onProject(one.slug)} leftSection={one.slug === project.slug ? <Glyph name="check" /> : <span style={{ width: 16 }} />}>
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0]?.[0], words.at(-1)?.[0]] : [words[0]?.[0], words[0]?.[1]]
  return letters.join('').toUpperCase()
}
