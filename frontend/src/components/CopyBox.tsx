import { useState } from 'react'
import { Button } from './Button'
import classes from './CopyBox.module.css'
import { copyText, NOT_COPIED } from './clipboard'
import { announce } from './shell/live'

/** A command or a secret to take along, as it will be typed. */
export function CopyBox({ text, label, lines }: { text: string; label: string; lines?: readonly { prompt?: boolean; text: string; tone?: 'quiet' | 'ok' }[] }) {
  const [copied, setCopied] = useState(false)
  const [isRefused, setRefused] = useState(false)
  const copy = async () => {
    if (!(await copyText(text))) {
      announce(NOT_COPIED)
      setRefused(true)
      return
    }
    setCopied(true)
    announce(`${label} copied.`)
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <div className={classes['box']}>
      <pre className={classes['text']} aria-label={label}>
        {(lines ?? [{ text }]).map((line, at) => (
          <code key={at} data-tone={line.tone} className={classes['line']}>
            {line.prompt && <span className={classes['prompt']}>$ </span>}
            {line.text}
          </code>
        ))}
      </pre>
      <span className={classes['copy']}>
        <Button size="compact" glyph={copied ? 'check' : 'copy'} onClick={() => void copy()}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </span>
      {isRefused && <p className="micro attn">{NOT_COPIED}</p>}
    </div>
  )
}
