import type { Clock } from '@rport/kit'

/** Remembers keys for a while, and never more than its bound: the oldest goes first. */
export interface ExpiringSet {
  add(key: string): void
  has(key: string): boolean
  readonly size: number
}

export function createExpiringSet(options: { clock: Clock; lifetimeMs: number; maxEntries: number }): ExpiringSet {
  const { clock, lifetimeMs, maxEntries } = options
  // Equal lifetimes: the order of insertion is the order of expiry.
  const expiries = new Map<string, number>()
  const dropExpired = () => {
    for (const [key, expiresAt] of expiries) {
      if (expiresAt > clock.monotonic() && expiries.size <= maxEntries) return
      expiries.delete(key)
    }
  }
  return {
    get size() {
      return expiries.size
    },
    add(key) {
      expiries.delete(key)
      expiries.set(key, clock.monotonic() + lifetimeMs)
      dropExpired()
    },
    has(key) {
      const expiresAt = expiries.get(key)
      return expiresAt !== undefined && expiresAt > clock.monotonic()
    },
  }
}
