import { Menu, Select } from '@mantine/core'
import { Glyph } from '@/components/Glyph'
import { KeyCaps } from '@/components/KeyCap'
import { CASTELLVI, COUNTED_FROM, sequence, variantName, type Body, type Ladder, type Variant } from '@/geometry/numbering'
import type { Segment } from '@/state/annotation'
import type { SessionView } from '@/state/session'
import { colourOf, nameOf } from '@/state/structure'
import { segmentName } from './doubts'
import { NameBox } from './levels/NameBox'
import classes from './read.module.css'
import type { Room, RoomView } from './room'

const EVIDENCE: Readonly<Record<string, string>> = { C2: 'C2', rib: 'Last rib', iliolumbar: 'Iliolumbar ligament', sacrum: 'Sacrum', localizer: 'Localizer', prior: 'Prior study', unsure: 'Unsure' }
const VARIANTS: readonly { readonly label: string; readonly variant: Partial<Variant> }[] = [
  { label: 'None', variant: {} },
  { label: '11 thoracic', variant: { thoracic: 11 } },
  { label: '13 thoracic', variant: { thoracic: 13 } },
  { label: '4 lumbar', variant: { lumbar: 4 } },
  { label: '6 lumbar', variant: { lumbar: 6 } },
  { label: 'Sacralised L5', variant: { transition: 'sacralised' } },
  { label: 'Lumbarised S1', variant: { transition: 'lumbarised', lumbar: 6 } },
]
/** The numbering of this spine, from head to feet: name one body and all follow. */
export function LadderRail({ room, session, view }: { room: Room; session: SessionView; view: RoomView }) {
  const ladder = room.session.shownLadder()
  const canWrite = session.phase.kind === 'ready'
  const number = (label: string, fields: Parameters<Room['number']>[1]) => room.number(label, fields)
  const variant = VARIANTS.find((each) => variantName({ ...ladder.variant, ...{ thoracic: 12, lumbar: 5, transition: null, castellvi: null }, ...each.variant }) === variantName(ladder.variant))
  return (
    <aside className={classes['ladder']} aria-label="Levels">
      <h2>Levels</h2>
      <span className="micro t3">{ladder.evidence.counted_from ? `counted from ${EVIDENCE[ladder.evidence.counted_from] ?? ''}` : ladder.bodies.length ? 'not counted yet' : 'none drawn yet'}</span>
      <ol className={classes['rungs']}>
        {ladder.bodies.map((body) => (
          <Rung key={body.id} room={room} session={session} view={view} body={body} ladder={ladder} canWrite={canWrite} />
        ))}
      </ol>
      <NameBox room={room} />
      {ladder.bodies.length > 0 && canWrite && (
        <>
          <div className={classes['shift']}>
            <span className="micro t3">Shift all</span>
            <button type="button" aria-label="Shift all one level towards the head" onClick={() => number('Levels shifted up', { action: 'shift', by: -1 })}>
              <KeyCaps chord="-" />
            </button>
            <button type="button" aria-label="Shift all one level towards the feet" onClick={() => number('Levels shifted down', { action: 'shift', by: 1 })}>
              <KeyCaps chord="+" />
            </button>
          </div>
          <Select
            size="xs"
            label="Variant"
            data={VARIANTS.map((each) => each.label)}
            value={variant?.label ?? null}
            placeholder={variantName(ladder.variant)}
            onChange={(label) => {
              const chosen = VARIANTS.find((each) => each.label === label)
              if (chosen) number(`Variant: ${chosen.label}`, { action: 'variant', variant: { ...chosen.variant, castellvi: chosen.variant.transition ? ladder.variant.castellvi : null } })
            }}
          />
          {ladder.variant.transition && (
            <Select
              size="xs"
              label="Castellvi"
              data={[...CASTELLVI]}
              value={ladder.variant.castellvi}
              placeholder="not typed"
              onChange={(castellvi) => number(`Castellvi ${castellvi ?? ''}`, { action: 'variant', variant: { ...ladder.variant, castellvi } })}
            />
          )}
          <Select
            size="xs"
            label="Counted from"
            data={COUNTED_FROM.map((value) => ({ value, label: EVIDENCE[value] ?? value }))}
            value={ladder.evidence.counted_from}
            placeholder="say what"
            onChange={(value) => number(`Counted from ${EVIDENCE[value ?? ''] ?? 'nothing'}`, { action: 'evidence', evidence: { counted_from: value } })}
          />
        </>
      )}
      <Findings room={room} ladder={ladder} view={view} />
    </aside>
  )
}

function Rung({ room, session, view, body, ladder, canWrite }: { room: Room; session: SessionView; view: RoomView; body: Body; ladder: Ladder; canWrite: boolean }) {
  const segment = session.segments.find((each) => each.layer === 'instances' && each.id === body.segment)
  const name = body.name ?? '?'
  const isActive = session.active?.layer === 'instances' && session.active.id === body.segment
  const isDoubtful = segment?.status === 'proposed' && view.sureness.doubts.some((doubt) => segmentName(doubt) === segmentName(segment))
  return (
    <li className={classes['rungLine']}>
      <button
        type="button"
        className={classes['rung']}
        data-active={isActive || undefined}
        style={{ borderLeftColor: colourOf(name) }}
        aria-current={isActive}
        onClick={() => {
          if (segment) room.walk.choose({ id: segment.id, layer: segment.layer })
          else room.naming.askFor(body.id)
        }}
      >
        {nameOf(name)}
        <Status segment={segment} isDoubtful={isDoubtful} isUnsure={body.unsure} />
      </button>
      {canWrite && (
        <Menu position="right-start" withinPortal>
          <Menu.Target>
            <button type="button" className={classes['rename']} aria-label={`Name ${nameOf(name)}; the others follow`}>
              <Glyph name="down" size={12} />
            </button>
          </Menu.Target>
          <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
            <Menu.Label>This body is</Menu.Label>
            {near(sequence(ladder.variant), name).map((choice) => (
              <Menu.Item key={choice} onClick={() => room.number(`${nameOf(name)} named ${nameOf(choice)}`, { action: 'number', body: body.id, name: choice })}>
                {nameOf(choice)}
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Item onClick={() => room.number(`${nameOf(name)} ${body.unsure ? 'sure' : 'unsure'}`, { action: 'unsure', body: body.id, unsure: !body.unsure })}>{body.unsure ? 'I am sure of it' : 'I am unsure'}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  )
}

const near = (chain: readonly string[], name: string): readonly string[] => {
  const at = chain.indexOf(name)
  return at === -1 ? chain : chain.slice(Math.max(0, at - 4), at + 5)
}

function Status({ segment, isDoubtful, isUnsure }: { segment: Segment | undefined; isDoubtful: boolean; isUnsure: boolean }) {
  if (!segment) return null
  const [tone, glyph, word] = isDoubtful || isUnsure ? (['attn', 'triangle', isUnsure ? 'unsure' : 'doubtful'] as const) : segment.status === 'accepted' ? (['ok', 'check', 'accepted'] as const) : segment.status === 'edited' ? (['busy', 'half', 'edited'] as const) : (['info', 'ring', 'proposed'] as const)
  return (
    <span className={tone}>
      <Glyph name={glyph} size={12} label={word} />
    </span>
  )
}

function Findings({ room, ladder, view }: { room: Room; ladder: Ladder; view: RoomView }) {
  const findings = room.naming.findings()
  if (!findings.length && !view.sureness.numbering) return null
  return (
    <ul className={classes['findings']} aria-label="What is wrong with the numbering">
      {findings.map((finding) => (
        <li key={`${finding.rule} ${finding.bodies.join(' ')}`} className={finding.severity === 'error' ? 'bad' : 'attn'}>
          <Glyph name={finding.severity === 'error' ? 'octagon' : 'triangle'} size={12} />
          <button
            type="button"
            onClick={() => {
              const body = ladder.bodies.find((each) => each.id === finding.bodies[0])
              if (body?.segment) room.walk.choose({ id: body.segment, layer: 'instances' })
            }}
          >
            {finding.words}
          </button>
        </li>
      ))}
      {view.sureness.numbering && !ladder.evidence.counted_from && (
        <li className="attn">
          <Glyph name="triangle" size={12} />
          <span>The model would not swear to the names: {view.sureness.numbering.replace(/\.$/, '')}. Say what you counted from.</span>
        </li>
      )}
    </ul>
  )
}
