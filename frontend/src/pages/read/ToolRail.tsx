import { Tooltip } from '@mantine/core'
import { useContext } from 'react'
import { HelpContext } from '@/components/shell/Strip'
import { caps } from '@/keys/chord'
import { keysOf } from '@/keys/map'
import { useRemap } from '@/keys/useRemap'
import type { PanelProps } from './panels'
import classes from './read.module.css'
import { TOOL_GROUPS, type ToolButton } from './toolGroups'

/** The tools, each with its key on it. A tool that cannot be used now says why. */
export function ToolRail(props: PanelProps) {
  const openHelp = useContext(HelpContext)
  return (
    <nav className={classes['tools']} aria-label="Tools">
      {TOOL_GROUPS.map((group, i) => (
        <div key={i} className={classes['toolGroup']}>
          {group(props).map((tool) => (
            <ToolKey key={tool.name} tool={tool} />
          ))}
        </div>
      ))}
      <span className="spread" />
      <button type="button" className={classes['tool']} onClick={openHelp}>
        <b>?</b>
        <small>keys</small>
      </button>
    </nav>
  )
}

function ToolKey({ tool }: { tool: ToolButton }) {
  const remap = useRemap()
  const chord = tool.action ? keysOf(tool.action, remap)[0] : undefined
  const cap = chord === undefined ? '' : caps(chord).slice(-2).join(' ')
  const Drawing = tool.icon
  return (
    <Tooltip label={tool.reason ? `${tool.name}: ${tool.reason}` : tool.name} position="right">
      <button
        type="button"
        className={classes['tool']}
        // what is seen must be part of what is said (WCAG 2.5.3); a single sign is a picture
        aria-label={cap.length > 1 ? `${tool.name} ${cap}` : tool.name}
        aria-pressed={tool.isOn ?? undefined}
        aria-disabled={tool.reason ? true : undefined}
        onClick={(event) => {
          // a tool must not keep the focus: Space and Enter belong to the images
          event.currentTarget.blur()
          if (!tool.reason) tool.act()
        }}
      >
        <Drawing size={18} stroke={1.4} />
        <small>{cap}</small>
      </button>
    </Tooltip>
  )
}
