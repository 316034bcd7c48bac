import { useState } from 'react'
import type { QuarantineItem } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { Facts } from '@/components/Facts'
import { Field } from '@/components/Field'
import { bytes, plural, when } from '@/components/format'
import { ErrorState, LoadingRows } from '@/components/States'
import { toast } from '@/components/toast'
import { useMay } from '@/state/account'
import { boxFromText, useConfirm, useDecide, usePicture, useReveal, type Box, type Decision } from '@/state/quarantine'
import { fromCode } from '@/state/words'
import { BoxPicture } from './BoxPicture'
import classes from './Quarantine.module.css'

/** One item held back: where the doubt lies, the picture with text hidden, and what a person decides. */
export function QuarantineDialog({ item, onClose }: { item: QuarantineItem; onClose: () => void }) {
  const [boxes, setBoxes] = useState<readonly Box[]>([])
  const [trueSize, setTrueSize] = useState(true)
  // dropping deletes the bytes: it takes a second press
  const [dropping, setDropping] = useState(false)
  const decide = useDecide(item.id)
  const confirm = useConfirm(item.id)
  const done = (now: QuarantineItem) => {
    toast(now.state === 'proposed' ? 'Proposed.' : `${fromCode(now.state)}.`, now.state === 'proposed' ? 'A second person confirms it or sends it back.' : 'It is in the audit trail.')
    onClose()
  }
  const ask = (action: Decision['action']) => decide.mutate({ action, boxes }, { onSuccess: done })
  const proposed = item.state === 'proposed'
  const shownBoxes = proposed ? (item.decision?.boxes ?? []).flatMap(([top, left, bottom, right]) => (top === undefined || left === undefined || bottom === undefined || right === undefined ? [] : [[top, left, bottom, right] as const])) : boxes
  const letIn = item.releasable ? null : 'What cannot be understood can only be dropped'
  return (
    <Dialog
      opened
      onClose={onClose}
      title={fromCode(item.reason)}
      size={860}
      actions={
        proposed ? (
          <>
            <Button reason={item.is_mine ? 'A second person decides about your proposal' : null} reasonPlace="inside" onClick={() => confirm.mutate(false, { onSuccess: done })}>
              Send it back
            </Button>
            <Button variant="primary" reason={item.is_mine ? 'A second person confirms, not the one who proposed' : null} reasonPlace="inside" busy={confirm.isPending && 'Confirming'} onClick={() => confirm.mutate(true, { onSuccess: done })}>
              Confirm as the second person
            </Button>
          </>
        ) : (
          <>
            <Button variant="danger" busy={decide.isPending && 'Deciding'} onClick={() => (dropping ? ask('drop') : setDropping(true))}>
              {dropping ? 'Drop it for good' : 'Drop it'}
            </Button>
            <span className="spread" />
            <Button reason={letIn} reasonPlace="inside" onClick={() => ask('release')}>
              Let it in as it is
            </Button>
            {item.releasable && (
              <Button variant="primary" busy={decide.isPending && 'Deciding'} reason={boxes.length === 0 ? 'Draw what to blank first' : null} reasonPlace="inside" onClick={() => ask('redact')}>
                Redact {plural(boxes.length, 'box', 'boxes')} and hand on
              </Button>
            )}
          </>
        )
      }
    >
      <div className={classes['columns']}>
        <Picture item={item} boxes={shownBoxes} onBoxes={proposed ? () => undefined : setBoxes} onMeasured={setTrueSize} />
        <div className={classes['about']}>
          <p className="t2">{item.message}</p>
          <Facts
            facts={[
              ['What', [item.modality, bytes(item.size)].filter(Boolean).join(', ')],
              ['Where', item.elements.length > 0 ? item.elements.map(({ tag, finding }) => `${tag} ${finding}`).join('; ') : 'the object as a whole'],
              ['Held since', when(item.created_at)],
              ...(proposed ? ([['Proposed', `${decisionWords(item.decision)}, by ${item.is_mine ? 'you' : item.decided_by_name}, ${when(item.decided_at ?? '')}`]] as const) : []),
            ]}
          />
          {!proposed && item.releasable && <Boxes boxes={boxes} onBoxes={setBoxes} trueSize={trueSize} />}
          {decide.error ? <ErrorState error={decide.error} /> : null}
          {confirm.error ? <ErrorState error={confirm.error} /> : null}
        </div>
      </div>
    </Dialog>
  )
}

function Picture({ item, boxes, onBoxes, onMeasured }: { item: QuarantineItem; boxes: readonly Box[]; onBoxes: (boxes: readonly Box[]) => void; onMeasured: (trueSize: boolean) => void }) {
  const masked = usePicture(item.id)
  const reveal = useReveal(item.id)
  const mayReveal = useMay('identity.reveal')
  const [reason, setReason] = useState('')
  const shown = reveal.data ?? masked.data
  return (
    <div>
      {masked.isPending && <LoadingRows what="the picture" rows={4} />}
      {masked.isError && <p className="small t2">There is no picture in this, or it cannot be decoded.</p>}
      {shown && <BoxPicture picture={shown} label={reveal.data ? 'The image with nothing hidden' : 'The image, text hidden'} boxes={boxes} onBox={(box) => onBoxes([...boxes, box])} onMeasured={onMeasured} />}
      {masked.isSuccess && !reveal.data && (
        <div className={classes['reveal']}>
          <Field label="Reveal what is hidden: why?" hint="Ten characters at least. Written to the audit trail before anything is shown.">
            {(id) => <input id={id} maxLength={300} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
          <Button size="compact" busy={reveal.isPending && 'Asking'} reason={mayReveal ? (reason.trim().length < 10 ? 'Write why first' : null) : 'Your roles do not reveal'} reasonPlace="inside" onClick={() => reveal.mutate(reason.trim())}>
            Reveal
          </Button>
          {reveal.error ? <ErrorState error={reveal.error} /> : null}
        </div>
      )}
    </div>
  )
}

/** The boxes in numbers: for those who do not draw, and to take one back. */
function Boxes({ boxes, onBoxes, trueSize }: { boxes: readonly Box[]; onBoxes: (boxes: readonly Box[]) => void; trueSize: boolean }) {
  const [text, setText] = useState('')
  const typed = boxFromText(text)
  const add = () => {
    if (!typed) return
    onBoxes([...boxes, typed])
    setText('')
  }
  return (
    <div className={classes['boxes']}>
      <h3>To blank, in every frame</h3>
      {!trueSize && <p className="small attn">This image is larger than it is shown, so boxes are not drawn on it. Write them in its own pixels, or drop it.</p>}
      {boxes.map((box, at) => (
        <p key={box.join(' ')} className="row small">
          <span className="spread mono">
            rows {box[0]}–{box[2]}, columns {box[1]}–{box[3]}
          </span>
          <Button size="compact" variant="quiet" onClick={() => onBoxes(boxes.filter((_, other) => other !== at))}>
            Take back
          </Button>
        </p>
      ))}
      <Field label="A box in numbers" hint="First row and column, then the row and column after the last.">
        {(id) => <input id={id} placeholder="0 0 40 300" value={text} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => event.key === 'Enter' && add()} />}
      </Field>
      <Button size="compact" reason={typed ? null : 'Four whole numbers'} reasonPlace="inside" onClick={add}>
        Add the box
      </Button>
    </div>
  )
}

function decisionWords(decision: QuarantineItem['decision']): string {
  if (decision?.action === 'redact') return `blank ${plural(decision.boxes.length, 'box', 'boxes')} and let it in`
  return decision?.action === 'release' ? 'let it in as it is' : 'drop it'
}
