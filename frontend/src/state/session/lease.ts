/** One writer at a time: the server's lease over people and machines, the browser's lock over its own tabs. */
import { ApiError } from '@/api/client'
import { leaseRenew, type Lease, type OpenedCase } from '../annotation'

export interface LeasePort {
  /** Ask the server for the case again, without taking it from anybody. */
  readonly open: () => Promise<OpenedCase>
  readonly annotation: () => string
  /** Another tab of this browser took the case. */
  readonly lostToTab: () => void
  /** Somebody else took the case. */
  readonly lostToOther: (error: ApiError) => void
  /** The study was withdrawn. */
  readonly gone: (message: string) => void
}

const MINUTE = 60_000

/** When to ask again for a lease that ends in so many milliseconds: after a third of them, by a clock that may be set wrong. */
export const renewalAfter = (leftMs: number): number => (leftMs > 0 && leftMs < 60 * MINUTE ? Math.max(5000, leftMs / 3) : MINUTE)

export class LeaseKeeper {
  private held: Lease | null = null
  private timer: ReturnType<typeof setTimeout> | null = null
  private unlock: () => void = () => undefined
  private isGone = false
  private isAlone = false

  constructor(
    private readonly caseId: string,
    private readonly port: LeasePort,
  ) {}

  get lease(): Lease | null {
    return this.held
  }

  hold(lease: Lease): void {
    this.held = lease
  }

  /** One tab of a browser writes on a case; the lock goes with the tab, however it ends. Resolves with whether this one may. */
  async lockTab(steal: boolean): Promise<boolean> {
    // trying again after a failed opening: the lock is still this tab's
    if (!('locks' in navigator) || (this.isAlone && !steal)) return true
    this.unlock()
    return new Promise((resolve) => {
      const options: LockOptions = steal ? { steal: true } : { ifAvailable: true }
      navigator.locks
        .request(`columna-case-${this.caseId}`, options, (lock) => {
          this.isAlone = lock !== null
          resolve(this.isAlone)
          if (lock === null) return undefined
          return new Promise<void>((release) => {
            this.unlock = release
          })
        })
        .catch(() => {
          this.isAlone = false
          this.stop()
          this.port.lostToTab()
        })
    })
  }

  scheduleRenewal(): void {
    this.stop()
    if (this.held) this.timer = setTimeout(() => void this.renew(), renewalAfter(Date.parse(this.held.lease_until) - Date.now()))
  }

  /** True while the case is still this reader's. */
  async renew(): Promise<boolean> {
    if (!this.held || this.isGone) return false
    try {
      this.held = { ...this.held, ...(await leaseRenew(this.held.id)) }
      this.scheduleRenewal()
      return true
    } catch (error) {
      if (error instanceof ApiError && error.status === 410) {
        this.port.gone(error.message)
        return false
      }
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return this.again()
      this.scheduleRenewal()
      return false
    }
  }

  /** The lease ran out while nobody else wanted the case: take it again and go on. */
  private async again(): Promise<boolean> {
    try {
      const opened = await this.port.open()
      if (opened.annotation.id !== this.port.annotation()) return false
      this.held = opened.lease
      this.scheduleRenewal()
      return true
    } catch (error) {
      if (error instanceof ApiError && error.code === 'lease_held') this.port.lostToOther(error)
      return false
    }
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }

  dispose(): void {
    this.isGone = true
    this.stop()
    this.unlock()
  }
}
