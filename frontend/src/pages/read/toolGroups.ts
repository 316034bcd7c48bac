import { IconAngle, IconArrowBackUp, IconArrowForwardUp, IconArrowMerge, IconArrowsExchange, IconArrowsMaximize, IconBinaryTree, IconBrush, IconCircleHalf2, IconCrosshair, IconDroplet, IconEraser, IconEye, IconHandMove, IconHistory, IconHourglass, IconLasso, IconLine, IconLink, IconLinkOff, IconListNumbers, IconMan, IconPlayerPause, IconPlayerPlay, IconPointerPlus, IconPolygon, IconRefresh, IconRotate3d, IconRuler2, IconRulerMeasure, IconScissors, IconStack2, IconStairs, IconVectorBezier, IconVectorSpline, IconZoomIn, type Icon } from '@tabler/icons-react'
import type { DefinitionId } from '@/geometry/measurement'
import type { ActionId } from '@/keys/map'
import type { PanelProps } from './panels'

export interface ToolButton {
  readonly name: string
  readonly icon: Icon
  readonly action?: ActionId
  readonly isOn?: boolean
  /** Why it cannot be used now. */
  readonly reason?: string | null
  readonly act: () => void
}

/** Buttons that stand together on the tool rail. Whoever brings tools adds a group to `TOOL_GROUPS`. */
export type ToolGroup = (props: PanelProps) => readonly ToolButton[]

/** Why nothing can be painted now, or null. */
export const paintReason = ({ session }: PanelProps): string | null => (session.phase.kind === 'read-only' ? 'The case is open for reading only.' : session.active ? null : 'Choose a structure first.')

const segmentation: ToolGroup = (props) => {
  const { room, view } = props
  const reason = paintReason(props)
  return [
    { name: 'Brush', icon: IconBrush, action: 'read.tool.brush', isOn: view.tool === 'brush', reason, act: () => room.setTool('brush') },
    { name: 'Eraser', icon: IconEraser, action: 'read.tool.erase', isOn: view.tool === 'erase', reason, act: () => room.setTool('erase') },
    { name: view.isNegative ? 'Ask the model: not this' : 'Ask the model: this', icon: view.isAsking ? IconHourglass : IconPointerPlus, action: 'read.tool.click', isOn: view.tool === 'click', reason, act: () => room.setTool('click') },
    { name: 'Lasso', icon: IconLasso, action: 'read.tool.lasso', isOn: view.tool === 'lasso', reason, act: () => room.setTool('lasso') },
    { name: 'Edit the contour', icon: IconVectorSpline, action: 'read.tool.contour', isOn: view.tool === 'contour', reason, act: () => room.setTool('contour') },
    { name: 'Scissors', icon: IconScissors, action: 'read.tool.scissors', isOn: view.tool === 'scissors', reason, act: () => room.setTool('scissors') },
    { name: 'Fill between slices', icon: IconStack2, action: 'read.tool.fill', reason, act: () => room.painting.fillBetween() },
    { name: 'Fill holes', icon: IconDroplet, action: 'read.tool.holes', reason, act: () => room.painting.fillHoles() },
    { name: 'Keep the largest part', icon: IconBinaryTree, action: 'read.tool.island', reason, act: () => room.painting.keepLargest() },
    { name: 'Split the instance', icon: IconLine, action: 'read.tool.split', isOn: view.tool === 'split', reason, act: () => room.setTool('split') },
    { name: 'Merge instances', icon: IconArrowMerge, action: 'read.tool.merge', isOn: view.tool === 'merge', reason, act: () => room.setTool('merge') },
    { name: 'Swap instances', icon: IconArrowsExchange, action: 'read.tool.swap', isOn: view.tool === 'swap', reason, act: () => room.setTool('swap') },
  ]
}

const looking: ToolGroup = ({ room, view }) => [
  { name: 'Masks on and off', icon: IconEye, action: 'read.peek', isOn: !view.areMasksShown, act: () => room.masks.showAtAll(!view.areMasksShown) },
  { name: 'Crosshair', icon: IconCrosshair, action: 'read.crosshair', isOn: view.tool === 'crosshair', act: () => room.setTool('crosshair') },
  { name: view.cine.isPlaying ? 'Stop' : 'Play the slices', icon: view.cine.isPlaying ? IconPlayerPause : IconPlayerPlay, action: 'read.cine', isOn: view.cine.isPlaying, act: () => room.cine.toggle() },
  { name: 'Earlier study beside this one', icon: IconHistory, action: 'read.prior', isOn: view.panes.some((pane) => pane.isReadOnly), act: () => void room.priors.next() },
  { name: view.isLinked ? 'Series scroll together' : 'Each series scrolls by itself', icon: view.isLinked ? IconLink : IconLinkOff, action: 'read.link', isOn: view.isLinked, act: () => room.panes.toggleLink() },
  { name: 'Spine in 3D', icon: IconRotate3d, action: 'read.surface', isOn: view.isSurfaceShown, act: () => room.panes.toggleSurface() },
  { name: 'Window', icon: IconCircleHalf2, action: 'read.window.next', isOn: view.tool === 'window', act: () => room.setTool('window') },
  { name: 'Pan', icon: IconHandMove, isOn: view.tool === 'pan', act: () => room.setTool('pan') },
  { name: 'Zoom', icon: IconZoomIn, isOn: view.tool === 'zoom', act: () => room.setTool('zoom') },
  { name: 'Maximise', icon: IconArrowsMaximize, action: 'read.viewport.maximise', isOn: view.isMaximised, act: () => room.panes.maximise() },
  { name: 'Reset the view', icon: IconRefresh, action: 'read.view.reset', act: () => room.viewer.resetView() },
]

const history: ToolGroup = ({ room, session }) => [
  { name: 'Undo', icon: IconArrowBackUp, action: 'read.undo', reason: session.undoable ? null : 'Nothing to undo.', act: () => room.painting.undo() },
  { name: 'Redo', icon: IconArrowForwardUp, action: 'read.redo', reason: session.redoable ? null : 'Nothing to redo.', act: () => room.painting.redo() },
]

const measuring: ToolGroup = ({ room, view, session }) => {
  const reason = session.phase.kind === 'read-only' ? 'The case is open for reading only.' : null
  const tool = (definition: DefinitionId, name: string, icon: Icon, action: ActionId): ToolButton => ({ name, icon, action, isOn: view.tool === `measure.${definition}`, reason, act: () => room.measuring.take(definition) })
  return [
    { name: 'Name levels', icon: IconListNumbers, action: 'read.level.point', isOn: view.tool === 'name', reason, act: () => room.naming.take() },
    tool('length', 'Length', IconRuler2, 'read.measure.length'),
    tool('angle', 'Angle', IconAngle, 'read.measure.angle'),
    tool('area', 'Area', IconPolygon, 'read.measure.area'),
    tool('cobb', 'Cobb angle', IconRulerMeasure, 'read.measure.cobb'),
    tool('sagittal_angle', 'Lordosis or kyphosis', IconVectorBezier, 'read.measure.plates'),
    tool('listhesis', 'Slip', IconStairs, 'read.measure.listhesis'),
    tool('sagittal_balance', 'Sagittal balance', IconMan, 'read.measure.balance'),
  ]
}

export const TOOL_GROUPS: readonly ToolGroup[] = [segmentation, measuring, looking, history]
