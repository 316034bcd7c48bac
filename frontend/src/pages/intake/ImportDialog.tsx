import { useRef, useState, type DragEvent } from 'react'
import { Bar } from '@/components/Bar'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { bytes, percent, plural } from '@/components/format'
import { Glyph } from '@/components/Glyph'
import { Segmented } from '@/components/Segmented'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useImportStart, type ImportRequest } from '@/state/intake'
import { filesOf } from './files'
import classes from './Intake.module.css'
import { EMPTY, mappingOf } from './mapping'
import { MappingFields } from './MappingFields'

type Kind = ImportRequest['kind']

const KINDS: readonly { value: Kind; label: string; what: string }[] = [
  { value: 'dicom', label: 'DICOM', what: 'A folder of DICOM files, or one ZIP or TAR archive of them.' },
  { value: 'nifti', label: 'NIfTI', what: 'Volumes and, if there are any, their masks: public data sets come this way. An archive keeps its folders.' },
  { value: 'png', label: 'PNG', what: 'Films or slices and, if there are any, their masks. An archive keeps its folders.' },
]

export function ImportDialog({ project, projectName, onClose, onStarted }: { project: string; projectName: string; onClose: () => void; onStarted: (id: string) => void }) {
  const [kind, setKind] = useState<Kind>('dicom')
  const [files, setFiles] = useState<readonly File[]>([])
  const [draft, setDraft] = useState(EMPTY)
  const [over, setOver] = useState(false)
  const [share, setShare] = useState(0)
  const start = useImportStart(setShare)
  const picker = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const mapping = kind === 'dicom' ? null : mappingOf(draft)
  const missing = files.length === 0 ? 'Choose files first' : typeof mapping === 'string' ? mapping : null
  const size = files.reduce((sum, file) => sum + file.size, 0)
  const dropped = async (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    setFiles(await filesOf(event.dataTransfer))
  }
  return (
    <Dialog
      opened
      onClose={onClose}
      title={`Import into ${projectName}`}
      size={620}
      actions={
        <>
          <Button onClick={onClose}>{start.isPending ? 'Close; it goes on' : 'Cancel'}</Button>
          <Button
            variant="primary"
            busy={start.isPending && (share < 1 ? `Sending, ${percent(share)}` : 'Sent; being taken in')}
            reason={missing}
            reasonPlace="inside"
            onClick={() =>
              start.mutate(
                { project, kind, files, mapping: typeof mapping === 'string' ? null : mapping },
                {
                  onSuccess: (batch) => {
                    toast('Import begun.', 'It goes on by itself; what was found appears as it is found.')
                    onStarted(batch.id)
                  },
                },
              )
            }
          >
            Import {files.length > 0 ? plural(files.length, 'file') : ''}
          </Button>
        </>
      }
    >
      <div className={classes['kinds']}>
        <Segmented
          label="What it is"
          segments={KINDS}
          value={kind}
          onChange={setKind}
        />
      </div>
      <p className="small t2">{KINDS.find(({ value }) => value === kind)?.what}</p>
      {/* the drop area is an extra for the mouse: both buttons in it do the same by keyboard */}
      <div
        className={classes['drop']}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => void dropped(event)}
      >
        <p className={files.length > 0 ? '' : 't2'}>{files.length > 0 ? `${plural(files.length, 'file')}, ${bytes(size)}` : 'Drop them here, or choose:'}</p>
        <div className="row">
          <Button glyph="folder" onClick={() => folder.current?.click()}>
            A folder
          </Button>
          <Button onClick={() => picker.current?.click()}>Files or an archive</Button>
        </div>
        <input ref={picker} type="file" multiple hidden aria-label="Files" onChange={(event) => setFiles([...(event.target.files ?? [])])} />
        <input ref={folder} type="file" multiple hidden aria-label="Folder" {...{ webkitdirectory: '' }} onChange={(event) => setFiles([...(event.target.files ?? [])])} />
        {start.isPending && <Bar share={share} tone="accent" width="100%" label="Sent" />}
      </div>
      {kind !== 'dicom' && <MappingFields kind={kind} draft={draft} onChange={setDraft} />}
      <p className={classes['note']}>
        <Glyph name="shield" size={12} />
        <span>
          {kind === 'dicom' ? 'Names of files stay in this browser.' : 'What names a patient in a file’s name becomes a pseudonym and is not kept.'} Images are de-identified in memory before anything is stored; what is doubtful goes to quarantine, encrypted.
        </span>
      </p>
      {start.error && <ErrorState error={start.error} />}
    </Dialog>
  )
}
