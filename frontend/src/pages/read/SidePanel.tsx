import { useId } from 'react'
import { PANELS, type PanelProps } from './panels'
import classes from './read.module.css'

/** The panel at the right: one tab at a time. */
export function SidePanel(props: PanelProps) {
  const { room, view } = props
  const id = useId()
  const open = PANELS.find((tab) => tab.id === view.panel) ?? PANELS[0]
  if (!open) return null
  return (
    <aside className={classes['panel']} aria-label="Case">
      <div className={classes['tabs']} role="tablist" aria-label="What of the case">
        {PANELS.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            className={classes['tab']}
            data-tab={tab.id}
            id={`${id}-${tab.id}`}
            aria-selected={tab === open}
            aria-controls={`${id}-panel`}
            onClick={(event) => {
              event.currentTarget.blur()
              room.openPanel(tab.id)
            }}
          >
            {tab.label} <span className="t3">{tab.count?.(props)}</span>
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-label={open.label} className={classes['panelBody']}>
        <open.Content {...props} />
      </div>
    </aside>
  )
}
