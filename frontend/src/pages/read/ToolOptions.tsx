import { NumberInput } from '@mantine/core'
import { Button } from '@/components/Button'
import { Segmented } from '@/components/Segmented'
import type { PanelProps } from './panels'
import { RATES } from './parts/cine'
import { ProgressBar } from './ProgressBar'
import classes from './read.module.css'

const PAINTS = new Set(['brush', 'erase', 'lasso', 'scissors', 'contour'])
const HINTS: Readonly<Record<string, string>> = {
  contour: 'Draw the border as it should be, from border to border: the mask follows.',
  split: 'Draw a line across the active structure; it is cut straight through, in every series.',
  merge: 'Click on the instance that belongs to the active one.',
  name: 'Click the middle of each vertebra without a name; click a named one to call it otherwise.',
  swap: 'Click on the instance to change places with.',
}

/** What the model does for a question, in order. */
const STEPS = ['1 of 2: takes up the series', '2 of 2: works out the answer'] as const

/** What can be set of the tool in hand, under the large picture. */
export function ToolOptions(props: PanelProps) {
  const { room, view } = props
  const { tool } = view
  const isBrush = tool === 'brush' || tool === 'erase'
  return (
    <div className={classes['options']} role="group" aria-label="Tool options">
      {isBrush && <BrushOptions {...props} />}
      {tool === 'scissors' && (
        <>
          <Segmented label="Shape of the cut" value={view.scissors.shape} segments={[{ value: 'freehand', label: 'Freehand' }, { value: 'rectangle', label: 'Rectangle' }, { value: 'circle', label: 'Circle' }]} onChange={(shape) => room.painting.setScissors({ shape })} />
          <Segmented label="What is cut away" value={view.scissors.side} segments={[{ value: 'inside', label: 'Inside' }, { value: 'outside', label: 'Outside' }]} onChange={(side) => room.painting.setScissors({ side })} />
          <Segmented label="How deep" value={view.scissors.depth} segments={[{ value: 'slice', label: 'This slice' }, { value: 'all', label: 'Every slice' }]} onChange={(depth) => room.painting.setScissors({ depth })} />
        </>
      )}
      {tool === 'click' && <PromptOptions {...props} />}
      {PAINTS.has(tool) && tool !== 'scissors' && (
        <span className={classes['option']}>
          <span className="t3">over</span>
          <Segmented label="May paint over" value={view.overwrite} segments={[{ value: 'all', label: 'All' }, { value: 'visible', label: 'Visible' }, { value: 'none', label: 'None' }]} onChange={(overwrite) => room.painting.setOverwrite(overwrite)} />
        </span>
      )}
      {view.cine.isPlaying && <Segmented label="Images a second" value={String(view.cine.fps)} segments={RATES.map((rate) => ({ value: String(rate), label: `${rate}/s` }))} onChange={(rate) => room.cine.setRate(Number(rate))} />}
      {HINTS[tool] !== undefined && <span className="t2">{HINTS[tool]}</span>}
    </div>
  )
}

function BrushOptions({ room, view }: PanelProps) {
  const { range } = view
  const setEnd = (end: 0 | 1) => (value: number | string) => {
    if (range && typeof value === 'number') room.painting.setRange(end === 0 ? [value, Math.max(value, range[1])] : [Math.min(value, range[0]), value])
  }
  return (
    <>
      <NumberInput size="xs" w={76} aria-label="Brush size in mm" value={view.radius * 2} min={0.5} max={80} step={0.5} decimalScale={1} suffix=" mm" onChange={(value) => typeof value === 'number' && room.painting.setRadius(value / 2)} />
      <Segmented label="Form of the brush" value={view.isSphere ? 'sphere' : 'disc'} segments={[{ value: 'disc', label: 'Disc' }, { value: 'sphere', label: 'Sphere' }]} onChange={(form) => room.painting.setSphere(form === 'sphere')} />
      {range ? (
        <>
          <NumberInput size="xs" w={76} aria-label="Paint values from" value={range[0]} onChange={setEnd(0)} />
          <span className="t3">to</span>
          <NumberInput size="xs" w={76} aria-label="Paint values to" value={range[1]} onChange={setEnd(1)} />
          <Button size="compact" variant="quiet" onClick={() => room.painting.setRange(null)}>
            Any value
          </Button>
        </>
      ) : (
        <Button size="compact" variant="quiet" onClick={() => room.painting.toggleRange()}>
          In a range
        </Button>
      )}
    </>
  )
}

function PromptOptions({ room, view }: PanelProps) {
  return (
    <>
      <Segmented label="How the model is asked" value={view.promptKind} segments={[{ value: 'click', label: 'Click' }, { value: 'box', label: 'Box' }, { value: 'scribble', label: 'Scribble' }]} onChange={(kind) => room.prompts.setKind(kind)} />
      <Segmented label="What it is told" value={view.isNegative ? 'not' : 'this'} segments={[{ value: 'this', label: 'This' }, { value: 'not', label: 'Not this' }]} onChange={(sign) => sign !== (view.isNegative ? 'not' : 'this') && room.prompts.swapSign()} />
      {view.isAsking && (
        <span className={classes['asking']} role="status">
          <i aria-hidden="true" /> asking the model · Esc cancels
          <ProgressBar label="Answer of the model" done={view.promptStep} total={STEPS.length} words={STEPS[view.promptStep] ?? ''} />
        </span>
      )}
    </>
  )
}

/** Over everything while the model's server is away. */
export function AiBanner({ room, view }: Pick<PanelProps, 'room' | 'view'>) {
  if (!view.ai.isDown) return null
  return (
    <div className={classes['banner']} role="status">
      <span>
        AI unavailable – manual tools work.{' '}
        {view.ai.waiting > 0 && 'What you asked waits and is asked again every few seconds.'}
      </span>
      {view.ai.waiting > 0 && (
        <>
          <Button size="compact" onClick={() => room.prompts.again()}>
            Ask now
          </Button>
          <Button size="compact" variant="quiet" action="cancel" onClick={() => room.prompts.cancel()}>
            Drop it
          </Button>
        </>
      )}
    </div>
  )
}
