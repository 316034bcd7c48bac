import { Select } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { Button } from '@/components/Button'
import { copyText, NOT_COPIED } from '@/components/clipboard'
import { Glyph } from '@/components/Glyph'
import { ActionKey } from '@/components/KeyCap'
import { StatePill } from '@/components/StatePill'
import { CURVES, type Measurement } from '@/geometry/measurement'
import { sequence } from '@/geometry/numbering'
import { BALANCE_MARKS, SOURCE_WORDS } from '@/geometry/placing'
import { nameOf } from '@/state/structure'
import type { PanelProps } from '../panels'
import classes from './measure.module.css'
import { pointsOf } from './seeing'
import { isPelvisConsistent, labelText, levelsOf, reasonsOf, reportText, titleOf, valueText } from './words'

/** Everything measured in this case, with its unit and where the unit comes from. */
export function MeasurePanel({ room, session }: PanelProps) {
  const { measuring } = room
  const view = useSyncExternalStore(measuring.store.subscribe, measuring.store.get)
  const canWrite = session.phase.kind === 'ready'
  const { items } = measuring
  const proposed = items.filter((item) => item.status === 'proposed').length
  const copy = async () => {
    const text = reportText(items, measuring.ladder)
    if (await copyText(text)) room.notify('Copied', 'Every measurement as text, with units and calibration.')
    else room.notify('Not copied', NOT_COPIED, 'attn')
  }
  return (
    <>
      <section className={classes['list']} aria-label="Measurements">
        {view.placing && <Placing room={room} />}
        {items.length === 0 && !view.placing && <p className={classes['hint']}>Nothing is measured yet. Take a tool at the left, or let the masks propose curves and slips; nothing is kept before you confirm it.</p>}
        <ul>
          {items.map((item) => (
            <Row key={item.id} room={room} item={item} canWrite={canWrite} isActive={view.selected?.id === item.id} end={view.selected?.handle === null ? view.selected.end : null} />
          ))}
        </ul>
      </section>
      <div className={classes['acts']}>
        {canWrite && (
          <Button size="compact" busy={view.isProposing && 'Looking'} action="read.measure.propose" onClick={() => void measuring.propose()}>
            Propose from the masks
          </Button>
        )}
        {canWrite && proposed > 1 && (
          <Button size="compact" onClick={() => measuring.confirmAll()}>
            Confirm all {proposed}
          </Button>
        )}
        {items.length > 0 && (
          <Button size="compact" variant="quiet" glyph="copy" onClick={() => void copy()}>
            Copy as text
          </Button>
        )}
      </div>
    </>
  )
}

function Placing({ room }: { room: PanelProps['room'] }) {
  const { measuring } = room
  const { placing } = useSyncExternalStore(measuring.store.subscribe, measuring.store.get)
  if (!placing) return null
  const wanted = measuring.wanted(placing)
  return (
    <section className={classes['placing']} aria-label="Being placed">
      <p role="status">{wanted ? `Point at: ${wanted.words}.` : 'Click round the area. Enter closes it.'}</p>
      <div className={classes['rowActs']}>
        {placing.definition === 'sagittal_balance' && wanted && (
          <Button size="compact" variant="quiet" onClick={() => measuring.skip()}>
            Leave it out
          </Button>
        )}
        <Button size="compact" variant="quiet" onClick={() => measuring.cancel()}>
          {placing.definition === 'sagittal_balance' && measuring.item(placing.id) ? 'Done' : 'Cancel'}
        </Button>
      </div>
    </section>
  )
}

function Row({ room, item, canWrite, isActive, end }: { room: PanelProps['room']; item: Measurement; canWrite: boolean; isActive: boolean; end: 'upper' | 'lower' | null }) {
  const { measuring } = room
  const title = titleOf(item, measuring.ladder)
  const consistent = isPelvisConsistent(item)
  return (
    <li className={classes['row']} data-active={isActive || undefined} data-measurement={item.definition}>
      <button type="button" className={classes['rowButton']} aria-pressed={isActive} onClick={() => measuring.select(isActive ? null : item.id)}>
        <b>{title}</b>
        {item.status === 'proposed' && (
          <StatePill tone="info" bare>
            Proposed
          </StatePill>
        )}
      </button>
      <dl className={classes['values']}>
        {Object.entries(item.values).map(([name, value]) => (
          <div key={name} data-value={name}>
            <dt>{labelText(name, value)}</dt>
            <dd>{valueText(value, name)}</dd>
          </div>
        ))}
      </dl>
      {item.definition === 'sagittal_balance' && <Landmarks item={item} />}
      {consistent !== null && (
        <p className={consistent ? 'ok' : 'bad'}>
          <Glyph name={consistent ? 'check' : 'octagon'} size={12} /> {consistent ? 'PI = PT + SS holds' : 'PI is not PT + SS: a point lies wrong'}
        </p>
      )}
      {reasonsOf(item).map((reason) => (
        <p key={reason} className="attn">
          <Glyph name="triangle" size={12} /> {reason}
        </p>
      ))}
      <p className={classes['source']}>{SOURCE_WORDS[item.calibration.source]}</p>
      {isActive && canWrite && (
        <>
          {item.definition === 'cobb' && <Ends room={room} item={item} end={end} />}
          <div className={classes['rowActs']}>
            {item.status === 'proposed' && (
              <Button size="compact" action="read.accept" onClick={() => measuring.confirm()}>
                Confirm
              </Button>
            )}
            <Button size="compact" variant="quiet" action="read.measure.delete" onClick={() => measuring.remove(item.id)}>
              Delete
            </Button>
          </div>
        </>
      )}
    </li>
  )
}

function Landmarks({ item }: { item: Measurement }) {
  const { named } = pointsOf(item)
  return (
    <ul className={classes['marks']} aria-label="Landmarks">
      {BALANCE_MARKS.map(({ label, points }) => {
        const isSet = points.every((name) => name in named) || (points.length === 3 && (points[0] ?? '').slice(0, -2) in named)
        return (
          <li key={label} className={isSet ? 'ok' : 't3'}>
            <Glyph name={isSet ? 'check' : 'dashed'} size={12} label={isSet ? 'placed' : 'not placed'} /> {label}
          </li>
        )
      })}
    </ul>
  )
}

/** The end vertebrae of a curve: named, and moved by a level with the arrow keys. */
function Ends({ room, item, end }: { room: PanelProps['room']; item: Measurement; end: 'upper' | 'lower' | null }) {
  const { measuring } = room
  const levels = levelsOf(item, measuring.ladder)
  const isOfLadder = (item.bodies ?? []).length === 2
  const chain = sequence(measuring.ladder.variant).map((name) => ({ value: name, label: nameOf(name) }))
  return (
    <div className={classes['ends']}>
      {(['upper', 'lower'] as const).map((side, at) => (
        <div key={side} data-end={side} data-active={end === side || undefined}>
          <span className="t3">{side === 'upper' ? 'Upper end' : 'Lower end'}</span>
          {isOfLadder ? (
            <b>{levels[at]}</b>
          ) : (
            <Select
              size="xs"
              aria-label={side === 'upper' ? 'Upper end vertebra' : 'Lower end vertebra'}
              data={chain}
              value={item.levels?.[at] ?? null}
              placeholder="name it"
              onChange={(name) => {
                const other = item.levels?.[1 - at] ?? name
                if (name && other) measuring.setLevels(item, at === 0 ? [name, other] : [other, name])
              }}
            />
          )}
          <button type="button" aria-label={`${side === 'upper' ? 'Upper' : 'Lower'} end vertebra one level up`} onClick={() => measuring.moveEnd(item, side, -1)}>
            ↑
          </button>
          <button type="button" aria-label={`${side === 'upper' ? 'Upper' : 'Lower'} end vertebra one level down`} onClick={() => measuring.moveEnd(item, side, 1)}>
            ↓
          </button>
        </div>
      ))}
      <Select size="xs" label="Curve" data={[...CURVES]} value={item.curve ?? null} placeholder="not named" clearable onChange={(curve) => measuring.setCurve(item, curve)} />
      <p className="t3">
        <ActionKey action="read.slice.previous" /> <ActionKey action="read.slice.next" /> move the marked end by a level, <ActionKey action="read.cell.left" /> <ActionKey action="read.cell.right" /> change ends, <ActionKey action="read.measure.handle" /> takes a point
      </p>
    </div>
  )
}
