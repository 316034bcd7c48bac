import 'fake-indexeddb/auto'
import { describe, expect, it, vi } from 'vitest'
import { Outbox, type OutboxPort, type SaveState, type SendOutcome } from './outbox'
import { keyMade, type KeyOf } from './outboxKey'
import { OutboxStore, type Operation } from './outboxStore'

const operation = (id: string, size = 10): Operation => ({ id, bytes: new Uint8Array(size).fill(7) })
let serial = 0
const keyOf: KeyOf = (user) => keyMade(new Uint8Array(32).fill(user.length))

/** A server that keeps a log as the real one does: exact order, idempotent by id. */
class Log {
  readonly ids: string[] = []
  isUp = true
  answersAreLost = false
  refuses: SendOutcome | null = null
  sends = 0

  send(operations: readonly Operation[], base: number): SendOutcome {
    this.sends += 1
    if (!this.isUp) return { kind: 'unreachable' }
    if (this.refuses) return this.refuses
    const fresh = operations.filter((each) => !this.ids.includes(each.id))
    const known = operations.length - fresh.length
    if (fresh.length && this.ids.length !== base + known) return { kind: 'conflict', code: 'stale_revision', message: '', state: { seq: this.ids.length } }
    this.ids.push(...fresh.map((each) => each.id))
    if (this.answersAreLost) return { kind: 'unreachable' }
    return { kind: 'done', acknowledged: { seq: this.ids.length, applied: operations.map((each) => ({ id: each.id, seq: this.ids.indexOf(each.id) + 1 })), slices: [] } }
  }
}

const room = (log = new Log(), store = new OutboxStore(`outbox-${(serial += 1)}`, keyOf), seq = 0, user = 'ada') => {
  const states: SaveState[] = []
  const port: OutboxPort = {
    user,
    annotation: 'a1',
    send: (operations, base) => Promise.resolve(log.send(operations, base)),
    known: (after) => Promise.resolve(log.isUp ? { seq: log.ids.length, ids: log.ids.slice(after) } : null),
    renew: () => Promise.resolve(false),
    heal: () => Promise.resolve(false),
    gone: () => undefined,
    acknowledged: () => undefined,
    changed: (state) => void states.push(state),
  }
  return { log, store, port, states, outbox: new Outbox(store, port, seq) }
}

describe('the outbox', () => {
  it('says why a server that answers cannot keep anything, and goes on when it can', async () => {
    const { outbox, log, states } = room()
    log.refuses = { kind: 'unreachable', message: 'The disk of the server is full.' }
    await outbox.put(operation('one'))
    await outbox.flush()
    await outbox.put(operation('two'))
    expect(states.at(-1)).toEqual({ kind: 'offline', count: 2, message: 'The disk of the server is full.' })
    log.refuses = null
    await outbox.retry()
    expect(log.ids).toEqual(['one', 'two'])
    expect(outbox.saveState.kind).toBe('saved')
  })

  it('keeps first and says Saving, then sends in order and says Saved', async () => {
    const { log, outbox, states, store } = room()
    await outbox.put(operation('one'))
    expect(await store.list('ada', 'a1')).toHaveLength(1)
    expect(states.at(-1)).toEqual({ kind: 'saving', count: 1 })
    await outbox.put(operation('two'))
    await outbox.flush()
    expect(log.ids).toEqual(['one', 'two'])
    expect(states.at(-1)?.kind).toBe('saved')
    expect(await store.list('ada', 'a1')).toHaveLength(0)
  })

  it('says Offline with the number kept, and sends everything when the network is back', async () => {
    const { log, outbox, states } = room()
    log.isUp = false
    for (let i = 0; i < 10; i += 1) await outbox.put(operation(`op-${i}`))
    await outbox.flush()
    expect(states.at(-1)).toEqual({ kind: 'offline', count: 10 })
    log.isUp = true
    await outbox.retry()
    expect(log.ids).toHaveLength(10)
    expect(states.at(-1)?.kind).toBe('saved')
  })

  it('sends nothing twice when an answer is lost', async () => {
    const { log, outbox } = room()
    log.answersAreLost = true
    await outbox.put(operation('one'))
    await outbox.flush()
    log.answersAreLost = false
    await outbox.put(operation('two'))
    await outbox.retry()
    expect(log.ids).toEqual(['one', 'two'])
    expect(outbox.acknowledgedSeq).toBe(2)
  })

  it('is taken up by the next tab, without what the server already has', async () => {
    const first = room()
    first.log.answersAreLost = true
    await first.outbox.put(operation('one'))
    await first.outbox.flush()
    first.log.isUp = false
    await first.outbox.put(operation('two'))
    first.outbox.dispose()
    first.log.answersAreLost = false
    first.log.isUp = true
    const second = room(first.log, first.store, 1)
    expect((await second.outbox.resume()).map((each) => each.id)).toEqual(['two'])
    await second.outbox.retry()
    expect(first.log.ids).toEqual(['one', 'two'])
  })

  it('notices when the last batch of the tab before arrived while this one was opening', async () => {
    const first = room()
    first.log.answersAreLost = true
    await first.outbox.put(operation('one'))
    await first.outbox.flush()
    first.outbox.dispose()
    const [stale, fresh] = [room(first.log, first.store, 0), room(first.log, first.store, 1)]
    expect(await stale.outbox.resume()).toEqual([])
    expect(stale.outbox.isOvertaken).toBe(true)
    expect(await fresh.outbox.resume()).toEqual([])
    expect(fresh.outbox.isOvertaken).toBe(false)
  })

  it('stops at a conflict and keeps the work', async () => {
    const { log, outbox, states, store } = room()
    log.refuses = { kind: 'conflict', code: 'old_value_mismatch', message: 'no', state: {} }
    await outbox.put(operation('one'))
    await outbox.flush()
    expect(states.at(-1)).toMatchObject({ kind: 'conflict', code: 'old_value_mismatch', count: 1 })
    expect(await store.list('ada', 'a1')).toHaveLength(1)
    const { sends } = log
    await outbox.put(operation('two'))
    await outbox.flush()
    expect(log.sends).toBe(sends)
  })

  it('does not overwrite what another writer did', async () => {
    const { log, outbox, states } = room()
    log.ids.push('somebody-else')
    await outbox.put(operation('one'))
    await outbox.flush()
    expect(states.at(-1)).toMatchObject({ kind: 'conflict', code: 'stale_revision' })
    expect(log.ids).toEqual(['somebody-else'])
  })

  it('renews a lease that ran out and sends again', async () => {
    const { log, store, port, states } = room()
    log.refuses = { kind: 'conflict', code: 'lease_expired', message: '', state: {} }
    const renew = vi.fn(() => {
      log.refuses = null
      return Promise.resolve(true)
    })
    const outbox = new Outbox(store, { ...port, renew }, 0)
    await outbox.put(operation('one'))
    await outbox.flush()
    expect(renew).toHaveBeenCalledOnce()
    expect(log.ids).toEqual(['one'])
    expect(states.at(-1)?.kind).toBe('saved')
  })

  it('asks for a sign-in and goes on after it', async () => {
    const { log, outbox, states } = room()
    log.refuses = { kind: 'signed-out' }
    await outbox.put(operation('one'))
    await outbox.flush()
    expect(states.at(-1)).toMatchObject({ kind: 'error', needsSignIn: true, count: 1 })
    log.refuses = null
    await outbox.retry()
    expect(log.ids).toEqual(['one'])
  })

  it('has a damaged slice healed and sends again', async () => {
    const { log, store, port, states } = room()
    log.refuses = { kind: 'damaged' }
    const heal = vi.fn(() => {
      log.refuses = null
      return Promise.resolve(true)
    })
    const outbox = new Outbox(store, { ...port, heal }, 0)
    await outbox.put(operation('one'))
    await outbox.flush()
    expect(heal).toHaveBeenCalledOnce()
    expect(log.ids).toEqual(['one'])
    expect(states.at(-1)?.kind).toBe('saved')
  })

  it('keeps the work when the study was withdrawn, and stops', async () => {
    const { log, outbox, states, store } = room()
    log.refuses = { kind: 'gone', message: 'withdrawn' }
    await outbox.put(operation('one'))
    await outbox.flush()
    expect(states.at(-1)).toMatchObject({ kind: 'error', message: 'withdrawn' })
    expect(await store.list('ada', 'a1')).toHaveLength(1)
  })

  it('is readable by its owner only, and not in plain on the disk', async () => {
    const { store, outbox } = room()
    outbox.dispose()
    await store.put('ada', 'a1', { id: 'one', bytes: new TextEncoder().encode('a stroke of ada') })
    expect(await store.list('grace', 'a1')).toEqual([])
    const thief = new OutboxStore(`outbox-${serial}`, () => keyMade(new Uint8Array(32)))
    expect(await thief.list('ada', 'a1')).toEqual([])
    const raw = await new Promise<unknown[]>((resolve) => {
      const request = indexedDB.open(`outbox-${serial}`)
      request.onsuccess = () => {
        const all = request.result.transaction('operations').objectStore('operations').getAll() as IDBRequest<unknown[]>
        all.onsuccess = () => resolve(all.result)
      }
    })
    const sealed = (raw[0] as { sealed: ArrayBuffer }).sealed
    expect(new TextDecoder().decode(sealed)).not.toContain('stroke')
    expect(new TextDecoder().decode((await store.list('ada', 'a1'))[0]?.bytes)).toBe('a stroke of ada')
  })

  it('sends long queues in batches', async () => {
    const { log, outbox } = room()
    log.isUp = false
    for (let i = 0; i < 150; i += 1) await outbox.put(operation(`op-${i}`))
    log.isUp = true
    const before = log.sends
    await outbox.retry()
    expect(log.ids).toHaveLength(150)
    expect(log.sends - before).toBe(3)
  })
})
