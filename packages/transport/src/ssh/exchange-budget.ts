import type { Clock } from '@rport/kit'

/** Key exchanges that a peer may begin out of hand. */
const FREE_EXCHANGES = 32
/** One more becomes free in this time. */
const REFILL_MS = 10_000
/** An exchange after so much traffic under the old keys costs nothing: `RekeyLimit 1M` of OpenSSH is somebody's choice. */
const PAID_BYTES = 256 * 1024

/** Each exchange of keys costs us a signature and a secret; a peer that asks for nothing else would keep a core busy. */
export class ExchangeBudget {
  readonly #clock: Clock
  #left = FREE_EXCHANGES
  #refilledAt: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#refilledAt = clock.monotonic()
  }

  /** @returns false when the peer has asked too often for what it has sent */
  take(bytesSinceKeys: number): boolean {
    if (bytesSinceKeys >= PAID_BYTES) return true
    const now = this.#clock.monotonic()
    const refills = Math.floor((now - this.#refilledAt) / REFILL_MS)
    this.#left = Math.min(FREE_EXCHANGES, this.#left + refills)
    this.#refilledAt += refills * REFILL_MS
    if (this.#left === 0) return false
    this.#left -= 1
    return true
  }
}
