import { useState } from 'react'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Field } from '@/components/Field'
import { FilterBox } from '@/components/FilterBox'
import { plural } from '@/components/format'
import { ErrorState, LoadingRows } from '@/components/States'
import { Cell, Head, Row, Table } from '@/components/Table'
import { toast } from '@/components/toast'
import { useMay } from '@/state/account'
import { useIdentityAsk, useStudyReport } from '@/state/door'
import { fromCode } from '@/state/words'
import classes from './Door.module.css'

const AFTER: Readonly<Record<string, string>> = {
  kept: 'as it was',
  removed: 'removed',
  emptied: 'no value',
  replaced: 'a dummy',
  uid: 'a new UID',
  date: 'moved by the patient’s days',
  text: 'clinical words only',
  device_text: 'without known names',
  code_string: 'defined terms only',
  number_string: 'a number',
  age: '90 years at most',
  items: 'every item treated',
  code_item: 'a dummy code',
  special: 'by a rule of its own',
  private_kept: 'as it was, listed as safe',
}

/** Before and after, element by element, for one study. Values are masked on both sides: what was there is nowhere in Columna. */
export function StudyReportDialog({ study, pseudonym, onClose }: { study: string; pseudonym: string; onClose: () => void }) {
  const { data: report, isPending, error, refetch } = useStudyReport(study)
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  return (
    <Dialog opened onClose={onClose} title={`What was done to a study of ${pseudonym}`} size={860} actions={<Button onClick={onClose}>Close</Button>}>
      {isPending && <LoadingRows what="the report" rows={6} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {report && (
        <>
          <p className="t2 small">
            {plural(report.instances, 'image')}, by {Object.keys(report.profiles).join(', ')}.{' '}
            {Object.entries(report.actions)
              .map(([action, count]) => `${fromCode(action)} ${count}`)
              .join(', ')}
          </p>
          <FilterBox label="Filter elements" value={filter} onChange={setFilter} />
          <div className={classes['scroll']}>
            <Table label="Elements, before and after">
              <thead>
                <tr>
                  <Head>Element</Head>
                  <Head>Name</Head>
                  <Head>Before</Head>
                  <Head>After</Head>
                </tr>
              </thead>
              <tbody>
                {report.series.map((series) =>
                  series.elements
                    .filter(({ tag, keyword, action }) => !wanted || `${tag} ${keyword} ${action}`.toLowerCase().includes(wanted))
                    .map(({ tag, keyword, action }) => (
                      <Row key={series.series + tag}>
                        <Cell>
                          <span className="mono">{tag}</span>
                        </Cell>
                        <Cell>{keyword || <span className="t3">private or unknown</span>}</Cell>
                        <Cell>
                          <span className="t3">• • • • •</span>
                        </Cell>
                        <Cell>{AFTER[action] ?? fromCode(action)}</Cell>
                      </Row>
                    )),
                )}
              </tbody>
            </Table>
          </div>
          <AskWho subject={report.subject} />
        </>
      )}
    </Dialog>
  )
}

/** Asking who it was: somebody else approves, and the answer is shown once. */
function AskWho({ subject }: { subject: string }) {
  const may = useMay('identity.reveal')
  const [reason, setReason] = useState('')
  const ask = useIdentityAsk()
  if (!may) return null
  return (
    <div className={classes['ask']}>
      <Field label="Who was this? Say why you need to know" hint="Another person approves by your reason. It is kept in the audit trail; no names of patients in it.">
        {(id) => <input id={id} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      <Button
        busy={ask.isPending && 'Asking'}
        reason={reason.trim().length < 10 ? 'Write why first' : null}
        reasonPlace="inside"
        onClick={() =>
          ask.mutate(
            { subject, reason: reason.trim() },
            {
              onSuccess: () => {
                setReason('')
                toast('Asked.', 'Another person with the role approves or refuses it on this page.')
              },
            },
          )
        }
      >
        Ask for the identity
      </Button>
      {ask.error ? <ErrorState error={ask.error} /> : null}
    </div>
  )
}
