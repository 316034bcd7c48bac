import { useQuery } from '@tanstack/react-query'
import { api, data } from '@/api/client'
import { Button } from '@/components/Button'
import { nameOf } from '@/state/structure'
import type { PanelProps } from '../panels'
import { normalOf } from './columns'
import classes from './grading.module.css'
import type { Grading } from './grading'

/** How high the bodies are in the masks: low ones are looked at one by one, the others are confirmed together once every slice was seen. */
export function Heights({ room, session, view, grading }: PanelProps & { grading: Grading }) {
  const annotation = room.session.annotationId
  const { data: heights, isPending } = useQuery({
    queryKey: ['heights', annotation, session.seq],
    enabled: annotation !== '',
    staleTime: 60_000,
    queryFn: () => data(api.GET('/api/annotations/{id}/heights', { params: { path: { id: annotation } } })),
  })
  const form = session.forms.get('genant')
  const { bodies } = grading
  const normal = form && normalOf(form)
  if (!form || !normal) return null
  if (isPending) return <p className={classes['hint']}>Measuring the bodies</p>
  const rows = (heights ?? []).flatMap((row) => {
    const body = bodies.find((each) => each.segment === row.segment)
    return body && (!form.levels || form.levels.includes(row.structure)) ? [{ ...row, body }] : []
  })
  if (!rows.length) return <p className={classes['hint']}>No body of this form is drawn.</p>
  const open = rows.filter((row) => row.opens)
  const others = rows.filter((row) => !row.opens && session.grades['genant']?.[row.body.id]?.status !== 'confirmed')
  const sagittal = session.manifests.find((manifest) => manifest.plane === 'sagittal' && view.seen.has(manifest.stack)) ?? session.manifests[0]
  const seen = sagittal ? (view.seen.get(sagittal.stack)?.size ?? 0) : 0
  const slices = sagittal?.slices.length ?? 0
  const reason = seen < slices ? `${seen} of ${slices} slices seen: scroll through once` : null
  return (
    <section className={classes['heights']} aria-label="Heights of the bodies">
      <h3>
        Lower than 0.85 <span className="spread" />
        <span className="t3">front · middle · back, mm</span>
      </h3>
      <ul>
        {open.map((row) => (
          <li key={row.segment}>
            <button type="button" className={classes['height']} onClick={() => grading.goToCell({ form: 'genant', site: row.body.id })}>
              <b>{nameOf(row.structure)}</b>
              <span className="attn">{row.ratio === null ? 'not measured' : row.ratio.toFixed(2)}</span>
              <span className="t2">{[row.front_mm, row.middle_mm, row.back_mm].map((mm) => mm?.toFixed(0) ?? '–').join(' · ')}</span>
            </button>
          </li>
        ))}
        {open.length === 0 && <li className={classes['hint']}>None.</li>}
      </ul>
      {others.length > 0 && (
        <Button
          size="compact"
          reason={reason}
          reasonPlace="beside"
          onClick={() => {
            grading.write(
              `${others.length} bodies without a fracture`,
              others.map((row) => ({ form: 'genant', site: row.body.id, value: normal })),
            )
          }}
        >
          {`Confirm ${others.length} others as normal`}
        </Button>
      )}
    </section>
  )
}
