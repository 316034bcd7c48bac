import { useState } from 'react'
import type { Profile } from '@/api/types'
import { Button } from '@/components/Button'
import { Dialog } from '@/components/Dialog'
import { plural, when } from '@/components/format'
import { Segmented } from '@/components/Segmented'
import { ErrorState } from '@/components/States'
import { toast } from '@/components/toast'
import { useProfileChange } from '@/state/door'
import classes from './Door.module.css'
import { optionHint, optionName, optionValue } from './options'

/** The options of the profile, one by one. Changing some makes the next version; what came in before keeps its own. */
export function ProfileDialog({ profile, project, onClose }: { profile: Profile; project: string; onClose: () => void }) {
  const [wanted, setWanted] = useState<Readonly<Record<string, string>>>({})
  const change = useProfileChange(project)
  const differing = profile.options.filter(({ name, value }) => wanted[name] !== undefined && wanted[name] !== String(value))
  const save = () =>
    change.mutate(Object.fromEntries(differing.map(({ name, choices }) => [name, choices.length > 0 ? (wanted[name] ?? '') : wanted[name] === 'true'])), {
      onSuccess: (now) => {
        toast(`Profile version ${now.version} is in force.`, 'What comes in from now on carries it.')
        onClose()
      },
    })
  return (
    <Dialog
      opened
      onClose={onClose}
      title="Profile of de-identification"
      size={760}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={change.isPending && 'Making the version'} reason={differing.length === 0 ? 'Nothing is changed yet' : null} reasonPlace="inside" onClick={save}>
            Make version {Math.max(0, ...profile.versions.map(({ version }) => version)) + 1} with {plural(differing.length, 'change')}
          </Button>
        </>
      }
    >
      <p className="t2 small">What comes in from now on carries the new version. What is stored keeps the one by which it came in.</p>
      <ul className={classes['options']}>
        {profile.options.map(({ name, value, choices, code }) => (
          <li key={name} data-changed={(wanted[name] !== undefined && wanted[name] !== String(value)) || undefined}>
            <span>
              <b>{optionName(name)}</b> {code && <span className="mono t3">{code}</span>}
              <span className="t3 small">{optionHint(name)}</span>
            </span>
            <Segmented
              label={optionName(name)}
              segments={(choices.length > 0 ? choices : ['true', 'false']).map((choice) => ({ value: choice, label: choices.length > 0 ? optionValue(choice) : choice === 'true' ? 'Yes' : 'No' }))}
              value={wanted[name] ?? String(value)}
              onChange={(next) => setWanted({ ...wanted, [name]: next })}
            />
          </li>
        ))}
      </ul>
      {profile.versions.length > 0 && (
        <p className="small t3">
          {profile.versions.slice(0, 4).map(({ version, created_at, changed }) => (
            <span key={version} className={classes['version']}>
              Version {version}, {when(created_at)}: {changed.map(optionName).join(', ') || 'nothing differs'}
            </span>
          ))}
        </p>
      )}
      {change.error ? <ErrorState error={change.error} /> : null}
    </Dialog>
  )
}
