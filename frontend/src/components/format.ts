/** Numbers and times as people read them. */

const integer = new Intl.NumberFormat('en')

export function count(value: number): string {
  return integer.format(value)
}

/** "1 case", "12 cases", "no cases". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return value === 0 ? `no ${many}` : `${count(value)} ${value === 1 ? one : many}`
}

export function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`
}

/** Bytes in powers of 1000, two or three figures: "1.9 GB". */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = value
  let unit = 0
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit += 1
  }
  return `${unit === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[unit] ?? 'B'}`
}

/** Seconds as "8 s", "2:41 min", "1 h 05 min". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

/** A digest short enough to compare by eye: "9f3c 71ae … 0b4d". */
export function shortDigest(digest: string): string {
  return digest.length <= 16 ? digest : `${digest.slice(0, 4)} ${digest.slice(4, 8)} … ${digest.slice(-4)}`
}

/** A moment as far as it matters: "just now", "4 min ago", "14:05", "Friday 16:20", "14 March 2026". */
export function when(iso: string, now: Date = new Date()): string {
  const then = new Date(iso)
  const seconds = (now.getTime() - then.getTime()) / 1000
  if (Number.isNaN(seconds)) return '–'
  if (seconds > -60 && seconds < 45) return 'just now'
  if (seconds >= 0 && seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`
  const time = then.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  if (then.toDateString() === now.toDateString()) return time
  if (seconds > 0 && seconds < 6 * 86_400) return `${then.toLocaleDateString('en-GB', { weekday: 'long' })} ${time}`
  return then.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
}

/** Clock with seconds, for live lists. */
export function clock(iso: string): string {
  const then = new Date(iso)
  return Number.isNaN(then.getTime()) ? '–' : then.toLocaleTimeString('en-GB')
}
