import { Glyph, type GlyphName } from './Glyph'
import classes from './StatePill.module.css'

export type Tone = 'ok' | 'attn' | 'bad' | 'info' | 'busy' | 'held' | 'idle'

const GLYPHS: Record<Tone, GlyphName> = { ok: 'check', attn: 'triangle', bad: 'octagon', info: 'ring', busy: 'half', held: 'lock', idle: 'dashed' }

/** A state: glyph, word, colour, in that order of importance. Outlined in headers, bare in tables. */
export function StatePill({ tone, children, bare = false, glyph }: { tone: Tone; children: React.ReactNode; bare?: boolean; glyph?: GlyphName }) {
  return (
    <span className={bare ? classes['bare'] : classes['pill']} data-tone={tone}>
      <Glyph name={glyph ?? GLYPHS[tone]} size={12} />
      <span>{children}</span>
    </span>
  )
}
