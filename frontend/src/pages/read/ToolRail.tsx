import { Tooltip } from '@mantine/core'
import { IconAdjustments, IconArrowBackUp, IconArrowForwardUp, IconArrowsMaximize, IconBinaryTree, IconBrush, IconCircleHalf2, IconCrosshair, IconEraser, IconEye, IconHandMove, IconHourglass, IconLasso, IconPointerPlus, IconStack2, IconRefresh, IconSphere, IconZoomIn, type Icon } from '@tabler/icons-react'
import { useContext } from 'react'
import { HelpContext } from '@/components/shell/Strip'
import { caps } from '@/keys/chord'
import { keysOf, type ActionId } from '@/keys/map'
import { useRemap } from '@/keys/useRemap'
import type { SessionView } from '@/state/session'
import classes from './read.module.css'
import type { Room, RoomView } from './room'

interface ToolButton {
  readonly name: string
  readonly icon: Icon
  readonly action?: ActionId
  readonly isOn?: boolean
  readonly reason?: string | null
  readonly act: () => void
}

/** The tools, each with its key on it. A tool that cannot be used now says why. */
export function ToolRail({ room, session, view }: { room: Room; session: SessionView; view: RoomView }) {
  const openHelp = useContext(HelpContext)
  const isReading = session.phase.kind === 'read-only' ? 'The case is open for reading only.' : null
  const noStructure = session.active ? null : 'Choose a structure first.'
  const paints = isReading ?? noStructure
  const groups: ToolButton[][] = [
    [
      { name: 'Brush', icon: IconBrush, action: 'read.tool.brush', isOn: view.tool === 'brush', reason: paints, act: () => room.setTool('brush') },
      { name: 'Eraser', icon: IconEraser, action: 'read.tool.erase', isOn: view.tool === 'erase', reason: paints, act: () => room.setTool('erase') },
      { name: view.isNegative ? 'Ask the model: not this' : 'Ask the model: this', icon: view.isAsking ? IconHourglass : IconPointerPlus, action: 'read.tool.click', isOn: view.tool === 'click', reason: paints, act: () => room.setTool('click') },
      { name: 'Lasso', icon: IconLasso, action: 'read.tool.lasso', isOn: view.tool === 'lasso', reason: paints, act: () => room.setTool('lasso') },
      { name: 'Fill between slices', icon: IconStack2, action: 'read.tool.fill', reason: paints, act: () => room.fillBetween() },
      { name: 'Keep the largest part', icon: IconBinaryTree, action: 'read.tool.island', reason: paints, act: () => room.keepLargest() },
      { name: 'Sphere instead of disc', icon: IconSphere, isOn: view.isSphere, reason: paints, act: () => room.setSphere(!view.isSphere) },
      { name: 'Brush only a range of values', icon: IconAdjustments, isOn: view.range !== null, reason: paints, act: () => room.toggleRange() },
    ],
    [
      { name: 'Masks on and off', icon: IconEye, action: 'read.peek', isOn: !view.areMasksShown, act: () => room.showMasksAtAll(!view.areMasksShown) },
      { name: 'Crosshair', icon: IconCrosshair, action: 'read.crosshair', isOn: view.tool === 'crosshair', act: () => room.setTool('crosshair') },
      { name: 'Window', icon: IconCircleHalf2, action: 'read.window.next', isOn: view.tool === 'window', act: () => room.setTool('window') },
      { name: 'Pan', icon: IconHandMove, isOn: view.tool === 'pan', act: () => room.setTool('pan') },
      { name: 'Zoom', icon: IconZoomIn, isOn: view.tool === 'zoom', act: () => room.setTool('zoom') },
      { name: 'Maximise', icon: IconArrowsMaximize, action: 'read.viewport.maximise', isOn: view.isMaximised, act: () => room.maximise() },
      { name: 'Reset the view', icon: IconRefresh, action: 'read.view.reset', act: () => room.viewer.resetView() },
    ],
    [
      { name: 'Undo', icon: IconArrowBackUp, action: 'read.undo', reason: session.undoable ? null : 'Nothing to undo.', act: () => room.undo() },
      { name: 'Redo', icon: IconArrowForwardUp, action: 'read.redo', reason: session.redoable ? null : 'Nothing to redo.', act: () => room.redo() },
    ],
  ]
  return (
    <nav className={classes['tools']} aria-label="Tools">
      {groups.map((tools, i) => (
        <div key={i} className={classes['toolGroup']}>
          {tools.map((tool) => (
            <ToolKey key={tool.name} tool={tool} />
          ))}
        </div>
      ))}
      <span className="spread" />
      <button type="button" className={classes['tool']} aria-label="Every key" onClick={openHelp}>
        <b>?</b>
        <small>help</small>
      </button>
    </nav>
  )
}

function ToolKey({ tool }: { tool: ToolButton }) {
  const remap = useRemap()
  const chord = tool.action ? keysOf(tool.action, remap)[0] : undefined
  const Drawing = tool.icon
  return (
    <Tooltip label={tool.reason ? `${tool.name}: ${tool.reason}` : tool.name} position="right">
      <button
        type="button"
        className={classes['tool']}
        aria-label={tool.name}
        aria-pressed={tool.isOn ?? undefined}
        aria-disabled={tool.reason ? true : undefined}
        onClick={(event) => {
          // a tool must not keep the focus: Space and Enter belong to the images
          event.currentTarget.blur()
          if (!tool.reason) tool.act()
        }}
      >
        <Drawing size={18} stroke={1.4} />
        <small>{chord === undefined ? '' : caps(chord).slice(-2).join(' ')}</small>
      </button>
    </Tooltip>
  )
}
