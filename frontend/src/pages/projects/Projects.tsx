import { useMemo, useState } from 'react'
import type { Member, Role } from '@/api/types'
import { Button } from '@/components/Button'
import { Card } from '@/components/Card'
import { Facts } from '@/components/Facts'
import { plural, when } from '@/components/format'
import { ReasonDialog } from '@/components/ReasonDialog'
import { Page } from '@/components/shell/Page'
import { EmptyState, ErrorState, LoadingRows, RefusedState } from '@/components/States'
import { StatePill } from '@/components/StatePill'
import { Cell, Head, Row, Table } from '@/components/Table'
import { toast } from '@/components/toast'
import { useSelection } from '@/components/useSelection'
import { useMay, useMe, useProject } from '@/state/account'
import { useMemberRemove, useMembers, useProjects } from '@/state/project'
import { ROLE_ORDER, roleWord, roleWords } from '@/state/words'
import { AccountsCard } from './AccountsCard'
import { FirstSteps } from './FirstSteps'
import { MemberDialog } from './MemberDialog'
import { ProjectDialog } from './ProjectDialog'
import classes from './Projects.module.css'
import { ProtocolCard } from './ProtocolCard'
import { TokensCard } from './TokensCard'

export function Projects() {
  const { project, projects, choose } = useProject()
  const { data: all, isPending, error, refetch } = useProjects()
  const slugs = useMemo(() => (all ?? []).map(({ slug }) => slug), [all])
  const { selected, select } = useSelection(slugs)
  const shown = all?.find(({ slug }) => slug === (selected ?? project?.slug))
  const mine = projects.find(({ slug }) => slug === shown?.slug)
  const { data: me } = useMe()
  const [dialog, setDialog] = useState<'begin' | 'change' | null>(null)
  const isEmpty = all?.length === 0 && (me?.makes_accounts ?? false)
  const manages = mine?.abilities.includes('project.manage') ?? false
  return (
    <Page
      title="Projects"
      actions={
        me?.makes_accounts && !isEmpty && (
          <Button glyph="plus" onClick={() => setDialog('begin')}>
            Begin a project
          </Button>
        )
      }
      summary={all && (isEmpty ? 'none yet' : `${plural(all.length, 'project')} you belong to`)}
      keys={['list.next', 'list.previous']}
      strip={[{ text: mine ? roleWords(mine.roles) : 'No role', glyph: 'people' }]}
    >
      <div className={classes['grid']}>
        <Card title="Yours" flush>
          {isPending && <LoadingRows what="projects" rows={3} />}
          {error && <ErrorState error={error} onRetry={() => void refetch()} />}
          {isEmpty && <EmptyState why="No project yet." who="Three steps lead to the first." />}
          {all?.length === 0 && !isEmpty && <EmptyState why="You belong to no project yet." who="An operator or a data manager can take you in." />}
          {all && all.length > 0 && (
            <ul>
              {all.map(({ slug, name, organisation }) => (
                <li key={slug} data-row={slug}>
                  <button
                    type="button"
                    className={classes['project']}
                    data-selected={slug === shown?.slug || undefined}
                    aria-current={slug === shown?.slug}
                    onClick={() => {
                      select(slug)
                      choose(slug)
                    }}
                  >
                    <b>{name}</b>
                    <span className="t3">{organisation}</span>
                    {slug === project?.slug && <StatePill tone="ok">In view</StatePill>}
                  </button>
                </li>
              ))}
            </ul>
          )}
        </Card>
        <div className={classes['column']}>
          {isEmpty && <FirstSteps onMade={choose} />}
          {shown && <Members key={shown.slug} slug={shown.slug} may={manages} />}
          {me?.makes_accounts && <AccountsCard />}
        </div>
        <div className={classes['column']}>
          {shown && (
            <Card
              title={shown.name}
              aside={
                manages && (
                  <Button size="compact" variant="quiet" onClick={() => setDialog('change')}>
                    Change
                  </Button>
                )
              }
            >
              {shown.description && <p className="t2">{shown.description}</p>}
              <Facts
                facts={[
                  ['Organisation', shown.organisation],
                  ['Address', <span className="mono">{shown.slug}</span>],
                  ['Since', when(shown.created_at)],
                  ['Your roles', mine ? roleWords(mine.roles) : 'none'],
                ]}
              />
            </Card>
          )}
          {shown && <ProtocolCard slug={shown.slug} may={mine?.abilities.includes('image.view') ?? false} />}
          <TokensCard />
        </div>
      </div>
      {dialog === 'begin' && <ProjectDialog onClose={() => setDialog(null)} onMade={choose} />}
      {dialog === 'change' && shown && <ProjectDialog project={shown} onClose={() => setDialog(null)} />}
    </Page>
  )
}

function Members({ slug, may }: { slug: string; may: boolean }) {
  const { data: members, isPending, error, refetch } = useMembers(slug, may)
  const { data: me } = useMe()
  const [adding, setAdding] = useState(false)
  const [leaving, setLeaving] = useState<Member | null>(null)
  const remove = useMemberRemove(slug)
  const manager = useMay('project.manage')
  const sorted = useMemo(() => byRole(members ?? []), [members])
  return (
    <Card
      title="Members"
      note={members ? `${plural(new Set(members.map(({ username }) => username)).size, 'person', 'people')}, by role` : undefined}
      flush
      grow
      aside={
        <Button size="compact" glyph="plus" reason={manager && may ? null : 'Data managers give roles'} reasonPlace="inside" onClick={() => setAdding(true)}>
          Give a role
        </Button>
      }
    >
      {!may && <RefusedState what="Who else belongs here is shown to data managers." who="Your own roles are on the right." />}
      {may && isPending && <LoadingRows what="members" />}
      {error && <ErrorState error={error} onRetry={() => void refetch()} />}
      {sorted.length > 0 && (
        <Table label="Members by role">
          <thead>
            <tr>
              <Head>Role</Head>
              <Head>Person</Head>
              <Head>User name</Head>
              <Head>Since</Head>
              <Head />
            </tr>
          </thead>
          <tbody>
            {sorted.map((member, at) => (
              <Row key={member.id}>
                <Cell>{sorted[at - 1]?.role === member.role ? <span className="visually-hidden">{roleWord(member.role)}</span> : <b className={classes['role']}>{roleWord(member.role)}</b>}</Cell>
                <Cell>
                  {member.display_name} {member.user === me?.id && <span className="t3">(you)</span>}
                </Cell>
                <Cell>
                  <span className="t2">{member.username}</span>
                </Cell>
                <Cell>
                  <span className="t3">{when(member.created_at)}</span>
                </Cell>
                <Cell number>
                  <Button size="compact" variant="quiet" aria-label={`Take away ${roleWord(member.role)} from ${member.display_name}`} onClick={() => setLeaving(member)}>
                    Take away
                  </Button>
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
      {adding && <MemberDialog slug={slug} onClose={() => setAdding(false)} />}
      {leaving && (
        <ReasonDialog
          opened
          title={`Take ${roleWord(leaving.role)} from ${leaving.display_name}?`}
          confirm="Take the role away"
          danger
          reasonLabel={null}
          busy={remove.isPending}
          error={remove.error}
          onClose={() => {
            remove.reset()
            setLeaving(null)
          }}
          onConfirm={() =>
            remove.mutate(leaving.id, {
              onSuccess: () => {
                toast('Role taken away.', 'What they submitted stays theirs. Give the role again at any time.')
                setLeaving(null)
              },
            })
          }
        >
          They lose at once what only this role allows. What they have submitted stays.
        </ReasonDialog>
      )}
    </Card>
  )
}

function byRole(members: readonly Member[]): Member[] {
  const place = (role: Role) => ROLE_ORDER.indexOf(role)
  return [...members].sort((a, b) => place(a.role) - place(b.role) || a.display_name.localeCompare(b.display_name))
}
