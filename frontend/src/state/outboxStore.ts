/** Where unsent work lies: IndexedDB, sealed with a key that scripts cannot read out, in the order it was done. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'

export interface StoredOperation {
  /** Order within the annotation; the store gives it out. */
  readonly order: number
  readonly id: string
  readonly user: string
  readonly annotation: string
  /** The operation as an envelope of one, sealed. */
  readonly sealed: ArrayBuffer
  readonly nonce: Uint8Array<ArrayBuffer>
}

interface Schema extends DBSchema {
  operations: { key: number; value: Omit<StoredOperation, 'order'> & { order?: number }; indexes: { place: [string, string]; id: string } }
  keys: { key: string; value: CryptoKey }
  browser: { key: string; value: string }
}

export interface Operation {
  readonly id: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/**
 * Operations of one person on one annotation. Nothing in it names a patient: stacks, slices and people are opaque ids, and
 * what was drawn is encrypted, readable only while this person is signed in to this browser profile.
 */
export class OutboxStore {
  private readonly opened: Promise<IDBPDatabase<Schema>>

  constructor(name = 'columna-outbox') {
    this.opened = openDB<Schema>(name, 1, {
      upgrade(database) {
        const operations = database.createObjectStore('operations', { keyPath: 'order', autoIncrement: true })
        operations.createIndex('place', ['user', 'annotation'])
        operations.createIndex('id', 'id')
        database.createObjectStore('keys')
        database.createObjectStore('browser')
      },
    })
  }

  private async key(user: string): Promise<CryptoKey> {
    const database = await this.opened
    const known = await database.get('keys', user)
    if (known) return known
    const made = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
    const transaction = database.transaction('keys', 'readwrite')
    const raced = await transaction.store.get(user)
    if (!raced) await transaction.store.put(made, user)
    await transaction.done
    return raced ?? made
  }

  /** Resolves when the operation is on this computer's disk. */
  async put(user: string, annotation: string, operation: Operation): Promise<void> {
    const nonce = crypto.getRandomValues(new Uint8Array(12))
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, await this.key(user), operation.bytes)
    const database = await this.opened
    const transaction = database.transaction('operations', 'readwrite', { durability: 'strict' })
    await transaction.store.put({ id: operation.id, user, annotation, sealed, nonce })
    await transaction.done
  }

  /** What is unsent, oldest first. What this person's key does not open is left where it is and not returned. */
  async list(user: string, annotation: string): Promise<Operation[]> {
    const database = await this.opened
    const rows = await database.getAllFromIndex('operations', 'place', [user, annotation])
    const key = await this.key(user)
    const opened = await Promise.all(
      rows
        .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
        .map(async (row) => {
          try {
            return { id: row.id, bytes: new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: row.nonce }, key, row.sealed)) }
          } catch {
            return null
          }
        }),
    )
    return opened.filter((operation) => operation !== null)
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
