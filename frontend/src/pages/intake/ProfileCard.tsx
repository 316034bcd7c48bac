import { useState } from 'react'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Facts } from '@/components/Facts'
import { when } from '@/components/format'
import { ErrorState, LoadingRows } from '@/components/States'
import { useMay } from '@/state/account'
import { useProfile } from '@/state/door'
import { optionName, optionValue } from './options'
import { ProfileDialog } from './ProfileDialog'
import { SmallGroupsDialog } from './SmallGroupsDialog'

/** By which profile the door lets in: its version, and where it differs from the one that Columna ships. */
export function ProfileCard({ project }: { project: string }) {
  const { data: profile, isPending, error, refetch } = useProfile(project)
  const may = useMay('profile.manage')
  const [changing, setChanging] = useState(false)
  const [groups, setGroups] = useState(false)
  const differing = profile?.options.filter((option) => !option.is_default) ?? []
  const last = profile?.versions[0]
  return (
    <Card
      title="The door"
      note={profile && (profile.version === 0 ? 'the profile that Columna ships' : `profile version ${profile.version}`)}
      aside={
        <>
          <Button size="compact" onClick={() => setGroups(true)}>
            Small groups
          </Button>
          <Button size="compact" reason={may ? null : 'Data managers and privacy officers change it'} reasonPlace="inside" onClick={() => setChanging(true)}>
            Change
          </Button>
        </>
      }
    >
      {isPending && <LoadingRows what="the profile" rows={2} />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {profile && (
        <Facts
          facts={[
            ['Text in pixels', profile.options.some(({ name, value }) => name === 'clean_pixel_data' && value === true) ? `searched and blanked; ${profile.catalogue} is the catalogue of devices` : 'not searched'],
            ...differing.map((option) => [optionName(option.name), optionValue(option.value)] as const),
            ...(last ? ([['Changed', when(last.created_at)]] as const) : []),
          ]}
        />
      )}
      {changing && profile && <ProfileDialog profile={profile} project={project} onClose={() => setChanging(false)} />}
      {groups && <SmallGroupsDialog project={project} onClose={() => setGroups(false)} />}
    </Card>
  )
}
