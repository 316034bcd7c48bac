/** The one key map. An action has one meaning everywhere; a scope says on which page it is heard. */

export const SCOPES = ['everywhere', 'list', 'worklist', 'grading', 'read', 'review', 'learning', 'datasets', 'intake', 'projects'] as const
export type Scope = (typeof SCOPES)[number]

export interface KeyAction {
  readonly scope: Scope
  readonly label: string
  readonly keys: readonly string[]
}

const action = (scope: Scope, label: string, ...keys: string[]): KeyAction => ({ scope, label, keys })

export const ACTIONS = {
  'go.anywhere': action('everywhere', 'Go anywhere', 'Ctrl+K'),
  help: action('everywhere', 'Show every key', '?'),
  cancel: action('everywhere', 'Cancel, close', 'Escape'),
  'go.worklist': action('everywhere', 'Go to the worklist', 'Alt+1'),
  'go.learning': action('everywhere', 'Go to learning', 'Alt+2'),
  'go.datasets': action('everywhere', 'Go to datasets', 'Alt+3'),
  'go.intake': action('everywhere', 'Go to intake', 'Alt+4'),
  'go.projects': action('everywhere', 'Go to projects', 'Alt+5'),

  'list.next': action('list', 'Next row', 'J', 'ArrowDown'),
  'list.previous': action('list', 'Previous row', 'K', 'ArrowUp'),
  'list.first': action('list', 'First row', 'Home'),
  'list.last': action('list', 'Last row', 'End'),
  'list.filter': action('list', 'Filter', '/'),

  'worklist.start': action('worklist', 'Start next case', 'Enter'),
  'worklist.open': action('worklist', 'Open the selected case', 'O'),

  'read.peek': action('read', 'Mask on and off; hold to peek', 'Space'),
  'read.brush.smaller': action('read', 'Brush smaller', '['),
  'read.brush.larger': action('read', 'Brush larger', ']'),
  'read.brush.muchSmaller': action('read', 'Brush much smaller', 'Shift+['),
  'read.brush.muchLarger': action('read', 'Brush much larger', 'Shift+]'),
  'read.tool.brush': action('read', 'Brush', 'B'),
  'read.tool.erase': action('read', 'Eraser', 'E'),
  'read.tool.click': action('read', 'Ask the model by a click', 'A'),
  'read.tool.sign': action('read', 'Swap the sign of the next click', 'X'),
  'read.tool.lasso': action('read', 'Lasso', 'L'),
  'read.tool.contour': action('read', 'Edit the contour', 'C'),
  'read.tool.scissors': action('read', 'Scissors', 'Shift+E'),
  'read.tool.split': action('read', 'Split the instance by a line', 'Shift+S'),
  'read.tool.merge': action('read', 'Merge another instance into this one', 'Shift+M'),
  'read.tool.swap': action('read', 'Swap this instance with another', 'Shift+W'),
  'read.tool.holes': action('read', 'Fill holes', 'Shift+F'),
  'read.tool.fill': action('read', 'Fill between slices', 'F'),
  'read.tool.island': action('read', 'Keep the largest island', 'K'),
  'read.structure.previous': action('read', 'Previous structure, towards the head', 'Q'),
  'read.structure.next': action('read', 'Next structure, towards the feet', 'W'),
  'read.structure.lock': action('read', 'Lock or unlock the structure', 'Shift+L'),
  'read.doubtful.next': action('read', 'Next doubtful place', 'N'),
  'read.doubtful.previous': action('read', 'Previous doubtful place', 'Shift+N'),
  'read.accept': action('read', 'Accept the structure and go on', 'Enter'),
  'read.reject': action('read', 'Reject the proposal of the structure', 'Backspace'),
  'read.slice.previous': action('read', 'Previous slice or grid cell', 'ArrowUp'),
  'read.slice.next': action('read', 'Next slice or grid cell', 'ArrowDown'),
  'read.cell.left': action('read', 'Cell to the left', 'ArrowLeft'),
  'read.cell.right': action('read', 'Cell to the right', 'ArrowRight'),
  'read.slice.first': action('read', 'First slice', 'Home'),
  'read.slice.last': action('read', 'Last slice', 'End'),
  'read.viewport.next': action('read', 'Next viewport', 'T'),
  'read.viewport.previous': action('read', 'Previous viewport', 'Shift+T'),
  'read.viewport.maximise': action('read', 'Maximise the viewport', 'M'),
  'read.hanging.next': action('read', 'Next hanging', 'H'),
  'read.crosshair': action('read', 'Crosshair', 'G'),
  'read.opacity.less': action('read', 'Mask fainter', 'O'),
  'read.opacity.more': action('read', 'Mask stronger', 'P'),
  'read.difference': action('read', 'Difference to the proposal', 'D'),
  'read.takeModel': action('read', 'Take the model’s outline for this structure', 'Shift+D'),
  'read.view.reset': action('read', 'Reset the view', 'R'),
  'read.cine': action('read', 'Play the slices, and stop', 'Shift+P'),
  'read.whole': action('read', 'Load the whole of a series that opened as a region', 'Shift+H'),
  'read.surface': action('read', 'The spine in 3D', 'Shift+G'),
  'read.view.invert': action('read', 'Invert the picture', 'Shift+O'),
  'read.view.rotate': action('read', 'Rotate the picture by a quarter', 'Shift+R'),
  'read.view.flip': action('read', 'Flip the picture left to right', 'Shift+X'),
  'read.window.next': action('read', 'Next window preset', 'V'),
  'read.window.previous': action('read', 'Previous window preset', 'Shift+V'),
  'read.window.1': action('read', 'Window preset 1, while no grade is asked', '1'),
  'read.window.2': action('read', 'Window preset 2', '2'),
  'read.window.3': action('read', 'Window preset 3', '3'),
  'read.window.4': action('read', 'Window preset 4', '4'),
  'read.window.5': action('read', 'Window preset 5', '5'),
  'read.window.6': action('read', 'Window preset 6', '6'),
  'read.magnify': action('read', 'Magnify what is under the pointer while held', '9'),
  'read.link': action('read', 'Scroll series together, or each by itself', 'Shift+K'),
  'read.prior': action('read', 'An earlier study beside this one, and away', 'Shift+Q'),
  'read.level.name': action('read', 'Name the active vertebra; the others follow', 'I'),
  'read.level.point': action('read', 'Point at vertebrae to name them', 'Shift+I'),
  'read.level.up': action('read', 'Shift the level chain towards the head', '-'),
  'read.level.down': action('read', 'Shift the level chain towards the feet', '+'),
  'read.measure.length': action('read', 'Measure a length', 'U'),
  'read.measure.angle': action('read', 'Measure an angle', 'Shift+U'),
  'read.measure.area': action('read', 'Measure an area', 'Shift+A'),
  'read.measure.cobb': action('read', 'Measure a Cobb angle', 'J'),
  'read.measure.plates': action('read', 'Measure lordosis or kyphosis between two endplates', 'Shift+J'),
  'read.measure.listhesis': action('read', 'Measure a slip', 'S'),
  'read.measure.balance': action('read', 'Measure sagittal balance', 'Y'),
  'read.measure.propose': action('read', 'Let the masks propose measurements', 'Shift+Y'),
  'read.measure.handle': action('read', 'Next point of the measurement: arrows nudge it', 'Z'),
  'read.measure.handleBack': action('read', 'Previous point of the measurement', 'Shift+Z'),
  'read.measure.delete': action('read', 'Delete the selected measurement', 'Delete'),
  'read.pointer.left': action('read', 'Move the pointer to the left', 'Ctrl+ArrowLeft'),
  'read.pointer.right': action('read', 'Move the pointer to the right', 'Ctrl+ArrowRight'),
  'read.pointer.up': action('read', 'Move the pointer up', 'Ctrl+ArrowUp'),
  'read.pointer.down': action('read', 'Move the pointer down', 'Ctrl+ArrowDown'),
  'read.pointer.farLeft': action('read', 'Move the pointer far to the left', 'Ctrl+Shift+ArrowLeft'),
  'read.pointer.farRight': action('read', 'Move the pointer far to the right', 'Ctrl+Shift+ArrowRight'),
  'read.pointer.farUp': action('read', 'Move the pointer far up', 'Ctrl+Shift+ArrowUp'),
  'read.pointer.farDown': action('read', 'Move the pointer far down', 'Ctrl+Shift+ArrowDown'),
  'read.pointer.click': action('read', 'Press the pointer once', '.'),
  'read.pointer.hold': action('read', 'Hold the pointer down, or let it go', ','),
  'read.undo': action('read', 'Undo', 'Ctrl+Z'),
  'read.redo': action('read', 'Redo', 'Ctrl+Shift+Z', 'Ctrl+Y'),
  'read.save': action('read', 'Save now', 'Ctrl+S'),
  'read.submit': action('read', 'Submit and open the next case', 'Ctrl+Enter'),

  'read.grade.0': action('grading', 'Grade 0', '0'),
  'read.grade.1': action('grading', 'Grade 1, or the first answer', '1'),
  'read.grade.2': action('grading', 'Grade 2', '2'),
  'read.grade.3': action('grading', 'Grade 3', '3'),
  'read.grade.4': action('grading', 'Grade 4', '4'),
  'read.grade.5': action('grading', 'Grade 5', '5'),
  'read.grade.6': action('grading', 'Grade 6', '6'),
  'read.grade.7': action('grading', 'Grade 7', '7'),
  'read.second.0': action('read', 'Second scale 0', 'Shift+0'),
  'read.second.1': action('read', 'Second scale 1; in the stenosis grid: rest of the level normal', 'Shift+1'),
  'read.second.2': action('read', 'Second scale 2', 'Shift+2'),
  'read.second.3': action('read', 'Second scale 3', 'Shift+3'),
  'read.reveal': action('read', 'Show what the model proposed', 'Ctrl+Shift+Enter'),
  'read.acceptRest': action('read', 'Accept everything that is left', 'Shift+Enter'),

  'review.takeA': action('review', 'Take A', '1'),
  'review.takeB': action('review', 'Take B', '2'),
  'review.edit': action('review', 'Edit', '3'),
  'review.takeC': action('review', 'Take C', '4'),
  'review.takeVote': action('review', 'Take what most voxels say', '5'),
  'review.takeStaple': action('review', 'Take the vote weighed by how well each agrees', '6'),
  'review.next': action('review', 'Next disagreement', 'N'),
  'review.difference': action('review', 'Difference', 'D'),
  'review.return': action('review', 'Return to a reader with a note', 'Backspace'),
  'review.submit': action('review', 'Submit the consensus', 'Ctrl+Enter'),
  'review.slice.previous': action('review', 'Previous slice', 'ArrowUp'),
  'review.slice.next': action('review', 'Next slice', 'ArrowDown'),

  'learning.train': action('learning', 'Retrain now', 'T'),
  'learning.promote': action('learning', 'Promote the selected model', 'P'),

  'datasets.freeze': action('datasets', 'Freeze a version', 'Ctrl+Enter'),
  'datasets.gate': action('datasets', 'Next open gate', 'G'),
  'datasets.copy': action('datasets', 'Copy the pull command', 'C'),

  'intake.import': action('intake', 'Import', 'I'),
  'intake.pause': action('intake', 'Pause the live list', 'Space'),
} as const satisfies Record<string, KeyAction>

export type ActionId = keyof typeof ACTIONS
export const ACTION_IDS = Object.keys(ACTIONS) as ActionId[]

/** Chords chosen by the person, by action; an empty list switches the key off (WCAG 2.1.4). */
export type Remap = Readonly<Partial<Record<ActionId, readonly string[]>>>

export function keysOf(id: ActionId, remap: Remap = {}): readonly string[] {
  return remap[id] ?? ACTIONS[id].keys
}

/** The action heard for a chord where `scopes` listen, the narrowest scope first; null when none is. */
export function actionFor(chord: string, scopes: readonly Scope[], remap: Remap = {}): ActionId | null {
  for (const scope of scopes) {
    const found = ACTION_IDS.find((id) => ACTIONS[id].scope === scope && keysOf(id, remap).includes(chord))
    if (found) return found
  }
  return null
}

/** Pages that hear list keys as well as their own. */
const WITH_LIST: readonly Scope[] = ['worklist', 'learning', 'datasets', 'intake', 'projects']

/** Heard at once while grades are asked. */
const READING: readonly Scope[] = ['grading', 'read']

/** A digit is a grade while one is asked for, and a window preset else: these two may share a key. */
const givesWay = (one: ActionId, other: ActionId): boolean => {
  const kinds = [one, other].map((id) => id.replace(/\.\d$/, ''))
  return kinds.includes('read.grade') && kinds.includes('read.window')
}

/** Return the action that already has `chord` where `id` would be heard, or null. A clash is refused, never resolved silently. */
export function clashOf(id: ActionId, chord: string, remap: Remap = {}): ActionId | null {
  const scope = ACTIONS[id].scope
  const heardTogether = (other: Scope) =>
    other === scope ||
    other === 'everywhere' ||
    scope === 'everywhere' ||
    (READING.includes(other) && READING.includes(scope)) ||
    (other === 'list' && WITH_LIST.includes(scope)) ||
    (scope === 'list' && WITH_LIST.includes(other))
  return ACTION_IDS.find((other) => other !== id && !givesWay(id, other) && heardTogether(ACTIONS[other].scope) && keysOf(other, remap).includes(chord)) ?? null
}
