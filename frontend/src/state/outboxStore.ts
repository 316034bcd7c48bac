/** Where unsent work lies: IndexedDB, sealed with a key that is not in this browser, in the order it was done. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { outboxKeyOf, type KeyOf } from './outboxKey'

export interface StoredOperation {
  /** Order within the annotation; the store gives it out. */
  readonly order: number
  readonly id: string
  readonly user: string
  readonly annotation: string
  /** The operation as an envelope of one, sealed. */
  readonly sealed: ArrayBuffer
  readonly nonce: Uint8Array<ArrayBuffer>
  readonly base?: number
}

interface Schema extends DBSchema {
  operations: { key: number; value: Omit<StoredOperation, 'order'> & { order?: number }; indexes: { place: [string, string]; id: string } }
  browser: { key: string; value: string }
}

export interface Operation {
  readonly id: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** How many operations the log had before this one, as its writer saw it: where a branch begins. */
  readonly base?: number
}

/**
 * Operations of one person on one annotation. Nothing in it names a patient: stacks, slices and people are opaque ids, and
 * what was drawn is encrypted, and its key comes from the server to the one who is signed in. Whoever else sits down here
 * finds bytes without a key.
 */
export class OutboxStore {
  private readonly opened: Promise<IDBPDatabase<Schema>>

  constructor(
    name = 'columna-outbox',
    private readonly keyOf: KeyOf = outboxKeyOf,
  ) {
    this.opened = openDB<Schema>(name, 2, {
      upgrade(database, before) {
        if (before === 1) {
          database.deleteObjectStore('keys' as never)
          return
        }
        const operations = database.createObjectStore('operations', { keyPath: 'order', autoIncrement: true })
        operations.createIndex('place', ['user', 'annotation'])
        operations.createIndex('id', 'id')
        database.createObjectStore('browser')
      },
    })
  }

  /** Have the key at hand before anything is drawn. Throws when it cannot be had. */
  async unlock(user: string): Promise<void> {
    await this.keyOf(user)
  }

  /** Resolves when the operation is on this computer's disk. */
  async put(user: string, annotation: string, operation: Operation): Promise<void> {
    const nonce = crypto.getRandomValues(new Uint8Array(12))
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, await this.keyOf(user), operation.bytes)
    const database = await this.opened
    const transaction = database.transaction('operations', 'readwrite', { durability: 'strict' })
    await transaction.store.put({ id: operation.id, user, annotation, sealed, nonce, ...(operation.base === undefined ? {} : { base: operation.base }) })
    await transaction.done
  }

  /** What is unsent, oldest first. What this person's key does not open is left where it is and not returned. */
  async list(user: string, annotation: string): Promise<Operation[]> {
    const database = await this.opened
    const rows = await database.getAllFromIndex('operations', 'place', [user, annotation])
    const key = await this.keyOf(user)
    const opened = await Promise.all(
      rows
        .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
        .map(async (row) => {
          try {
            const bytes = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.nonce }, key, row.sealed))
            return { id: row.id, bytes, ...(row.base === undefined ? {} : { base: row.base }) }
          } catch {
            return null
          }
        }),
    )
    return opened.filter((operation): operation is Operation => operation !== null)
  }

  async remove(ids: readonly string[]): Promise<void> {
    const database = await this.opened
    const transaction = database.transaction('operations', 'readwrite')
    for (const id of ids) {
      const order = await transaction.store.index('id').getKey(id)
      if (order !== undefined) await transaction.store.delete(order)
    }
    await transaction.done
  }

  /** Annotations of this person that have unsent work in this browser. */
  async annotations(user: string): Promise<Map<string, number>> {
    const database = await this.opened
    const counts = new Map<string, number>()
    for (const row of await database.getAll('operations')) if (row.user === user) counts.set(row.annotation, (counts.get(row.annotation) ?? 0) + 1)
    return counts
  }

  /** The opaque name of this browser, by which the server knows that a reopened tab is the one that held the lease. */
  async browser(): Promise<string> {
    const database = await this.opened
    const known = await database.get('browser', 'name')
    if (known !== undefined) return known
    const made = crypto.randomUUID()
    await database.put('browser', made, 'name')
    return made
  }

  async close(): Promise<void> {
    const database = await this.opened
    database.close()
  }
}
