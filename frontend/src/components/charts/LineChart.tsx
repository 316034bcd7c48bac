import { useId, useMemo } from 'react'
import classes from './charts.module.css'
import { niceTicks, scale } from './scale'
import { useWidth } from './useWidth'

export interface LinePoint {
  readonly x: number
  readonly y: number
  /** Ends of the 95 % interval, where known. */
  readonly low?: number | undefined
  readonly high?: number | undefined
  /** Drawn hollow and red: this one was refused. */
  readonly refused?: boolean
}

export interface Line {
  readonly name: string
  readonly points: readonly LinePoint[]
  /** Bone is the model, dashed grey the control. */
  readonly kind: 'model' | 'control'
}

export interface LineChartProps {
  label: string
  lines: readonly Line[]
  xLabel: string
  height?: number
  /** What the chart finds, written on it. */
  finding?: { title: string; text: string }
  xTicks?: readonly { x: number; label: string }[]
  format?: (y: number) => string
  /** How the last value is written at the line's end. */
  formatEnd?: (y: number) => string
}

const LEFT = 48
const RIGHT = 116
const TOP = 24
const BOTTOM = 36

/** Lines labelled at their ends, four grid lines at most; the same numbers as a table for those who do not see it. */
export function LineChart({ label, lines, xLabel, height = 280, finding, xTicks, format = (y) => y.toFixed(2), formatEnd = format }: LineChartProps) {
  const [box, width] = useWidth()
  const titleId = useId()
  const all = useMemo(() => lines.flatMap(({ points }) => points), [lines])
  const xs = all.map(({ x }) => x)
  const ys = all.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y])
  const ticks = niceTicks(Math.min(...ys), Math.max(...ys), 4)
  const x = scale([Math.min(...xs), Math.max(...xs)], [LEFT + 16, width - RIGHT])
  const y = scale([ticks[0] ?? 0, ticks.at(-1) ?? 1], [height - BOTTOM, TOP])
  return (
    <figure ref={box} className={classes['figure']} aria-labelledby={titleId}>
      <figcaption id={titleId} className="visually-hidden">
        {label}. {finding ? `${finding.title}: ${finding.text}` : ''}
      </figcaption>
      {width > 0 && all.length > 0 && (
        <svg width={width} height={height} aria-hidden="true" className={classes['chart']}>
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={LEFT} x2={width - RIGHT + 40} y1={y(tick)} y2={y(tick)} className={classes['grid']} />
              <text x={LEFT - 12} y={y(tick)} className={classes['tick']} textAnchor="end" dominantBaseline="central">
                {format(tick)}
              </text>
            </g>
          ))}
          {(xTicks ?? uniqueXs(xs)).map((tick) => (
            <text key={tick.x} x={x(tick.x)} y={height - 12} className={classes['tick']} textAnchor="middle">
              {tick.label}
            </text>
          ))}
          <text x={width - RIGHT + 48} y={height - 12} className={classes['tick']}>
            {xLabel}
          </text>
          {lines.map((line) => (
            <Drawn key={line.name} line={line} x={x} y={y} />
          ))}
          <EndLabels lines={lines} x={x} y={y} format={formatEnd} />
          {finding && (
            <g>
              <text x={LEFT + (width - LEFT - RIGHT) * 0.5} y={height - BOTTOM - 44} className={classes['findingTitle']}>
                {finding.title}
              </text>
              <text x={LEFT + (width - LEFT - RIGHT) * 0.5} y={height - BOTTOM - 26} className={classes['finding']}>
                {finding.text}
              </text>
            </g>
          )}
        </svg>
      )}
      <table className="visually-hidden">
        <tbody>
          {lines.map((line) => (
            <tr key={line.name}>
              <th scope="row">{line.name}</th>
              {line.points.map((point) => (
                <td key={point.x}>{`${xLabel} ${point.x}: ${format(point.y)}`}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  )
}

type Scale = (value: number) => number

function Drawn({ line, x, y }: { line: Line; x: Scale; y: Scale }) {
  const path = line.points.map((point, at) => `${at === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('')
  const banded = line.points.filter((point) => point.low !== undefined && point.high !== undefined)
  const band = banded.length > 1 ? `M${[...banded.map((p) => `${x(p.x)} ${y(p.high ?? p.y)}`), ...[...banded].reverse().map((p) => `${x(p.x)} ${y(p.low ?? p.y)}`)].join('L')}Z` : ''
  return (
    <g data-kind={line.kind} className={classes['line']}>
      {band && <path d={band} className={classes['band']} />}
      <path d={path} className={classes['stroke']} />
      {line.points.map((point, at) => (
        <g key={point.x}>
          <circle cx={x(point.x)} cy={y(point.y)} r={at === line.points.length - 1 ? 5 : 3.5} className={point.refused ? classes['refused'] : classes['dot']} />
          {point.refused && (
            <text x={x(point.x)} y={y(point.y) - 12} textAnchor="middle" className={classes['refusedWord']}>
              refused
            </text>
          )}
        </g>
      ))}
    </g>
  )
}

/** Labels at the lines' ends, pushed apart where they would lie on each other. */
function EndLabels({ lines, x, y, format }: { lines: readonly Line[]; x: Scale; y: Scale; format: (y: number) => string }) {
  const ends = lines.flatMap((line) => {
    const last = line.points.at(-1)
    return last ? [{ line, last, at: y(last.y) }] : []
  })
  ends.sort((a, b) => a.at - b.at)
  for (let n = 1; n < ends.length; n += 1) {
    const [above, here] = [ends[n - 1], ends[n]]
    if (above && here && here.at - above.at < 18) here.at = above.at + 18
  }
  return ends.map(({ line, last, at }) => (
    <text key={line.name} x={x(last.x) + 14} y={at} dominantBaseline="central" data-kind={line.kind} className={classes['end']}>
      {format(last.y)} {line.name}
    </text>
  ))
}

function uniqueXs(xs: readonly number[]) {
  const unique = [...new Set(xs)].sort((a, b) => a - b)
  const step = Math.ceil(unique.length / 10)
  return unique.filter((_, at) => at % step === 0 || at === unique.length - 1).map((x) => ({ x, label: String(x) }))
}
