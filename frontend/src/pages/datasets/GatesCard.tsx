import { Link } from 'react-router'
import type { Version } from '@/api/types'
import { Card } from '@/components/Card'
import { plural } from '@/components/format'
import { Glyph } from '@/components/Glyph'
import { StatePill } from '@/components/StatePill'
import { GATES, type Refusals } from '@/state/dataset'
import classes from './Datasets.module.css'

/** What had to be so before the version was frozen. `asked` shows the answer to a version that was asked for and refused. */
export function GatesCard({ version, refusals, asked }: { version: Version | null; refusals: Refusals; asked: boolean }) {
  const shut = Object.keys(refusals).length
  const known = asked || version !== null
  const passed = asked || version?.state === 'refused' ? GATES.length - shut : version && version.state !== 'building' ? GATES.length : 0
  const gates = [...GATES, ...Object.keys(refusals).filter((code) => !GATES.some((gate) => gate.code === code)).map((code) => ({ code, asks: code }))]
  return (
    <Card
      title={asked ? 'Gates of the version just asked for' : 'Gates'}
      aside={
        known && (
          <>
            <StatePill tone="ok" bare>
              {passed} open
            </StatePill>
            {shut > 0 && (
              <StatePill tone="attn" bare>
                {shut} shut
              </StatePill>
            )}
          </>
        )
      }
    >
      <ul className={classes['gates']}>
        {gates.map(({ code, asks }) => {
          const faults = refusals[code] ?? []
          const state = faults.length > 0 ? 'shut' : known && version?.state !== 'building' ? 'open' : 'unknown'
          return (
            <li key={code} data-state={state}>
              <span className={state === 'shut' ? 'attn' : state === 'open' ? 'ok' : 'idle'}>
                <Glyph name={state === 'shut' ? 'triangle' : state === 'open' ? 'check' : 'dashed'} size={12} label={state} />
              </span>
              <span>{asks}</span>
              <span className={classes['tally']}>{faults.length > 0 ? plural(faults.length, 'fault') : ''}</span>
              {faults.length > 0 && <Faults faults={faults} />}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

function Faults({ faults }: { faults: Refusals[string] }) {
  return (
    <ul className={classes['faults']}>
      {faults.slice(0, 8).map((fault, at) => (
        <li key={at}>
          {fault.message} {fault.case && <Link to={`/read/${fault.case}`}>Show the case</Link>}
        </li>
      ))}
      {faults.length > 8 && <li className="t3">and {faults.length - 8} more</li>}
    </ul>
  )
}
