import { createHash } from 'node:crypto'
import { addressGroup, type Clock, createRecentMap, type Logger, MS_PER_HOUR, MS_PER_MINUTE } from '@rport/kit'

/** Slows down whoever guesses passwords. The API and the agents' listener have one each, with numbers of their own. */
export interface Lockout {
  /** Whether the address is shut out from everything for a while. */
  isBanned(address: string): boolean
  /** Whether a new login of this name from this address has to wait. Sessions that live are none of its business. */
  isPaused(name: string, address: string): boolean
  /** Counts a failed attempt of an address alone: a login whose body could not be read. */
  failed(address: string): void
  /** A login failed: pauses the name at this address and counts against the address. `''` = came without a name. */
  loginFailed(name: string, address: string): void
  /** A login succeeded: clears the count of the address and the pause of the name at it. */
  loginSucceeded(name: string, address: string): void
  /** Failed logins and bans since the start. */
  counts(): { readonly failedLogins: number; readonly bans: number }
}

export interface LockoutOptions {
  /** Pause after a failed login; 0 = none. */
  readonly waitMs: number
  /** Failures in a row from one address before it is banned; 0 = never. */
  readonly maxFailed: number
  /** Length of a ban; 0 = never. */
  readonly banMs: number
  readonly clock: Clock
  readonly log: Logger
  /** Addresses, and pairs of name and address, that are remembered. */
  readonly maxEntries?: number
}

/** Failures of an address are forgotten when there was none for so long: a script with a typo is no attack. */
const FORGET_MS = MS_PER_HOUR
/** From so many failures of one name a minute, from wherever, the name is guessed by many. */
const GUESSES_A_MINUTE = 20
/** An address from which the name has logged in is trusted with it for so long, whatever others do. */
const KNOWN_MS = 30 * 24 * MS_PER_HOUR

interface Failures {
  count: number
  lastAt: number
  bannedUntil: number
}

interface Guesses {
  count: number
  windowEndsAt: number
  pausedUntil: number
}

/**
 * A pause belongs to a name **and** an address, so that nobody pauses somebody else. When many addresses guess one name, its
 * new logins are paused too, except from addresses where it has logged in before. Consecutive failures ban an address.
 * Memory only: a restart forgets it all.
 */
export function createLockout(options: LockoutOptions): Lockout {
  const { waitMs, maxFailed, banMs, clock, log, maxEntries = 50_000 } = options
  const addresses = createRecentMap<Failures>(maxEntries)
  const pauses = createRecentMap<number>(maxEntries)
  const guesses = createRecentMap<Guesses>(maxEntries)
  const known = createRecentMap<number>(maxEntries)
  const now = () => clock.monotonic()
  let failedLogins = 0
  let bans = 0

  const countAgainst = (address: string) => {
    if (maxFailed <= 0 || banMs <= 0) return
    const key = addressGroup(address)
    const found = addresses.get(key)
    const count = found && now() - found.lastAt < FORGET_MS ? found.count + 1 : 1
    if (count < maxFailed) {
      addresses.set(key, { count, lastAt: now(), bannedUntil: found?.bannedUntil ?? 0 })
      return
    }
    addresses.set(key, { count: 0, lastAt: now(), bannedUntil: now() + banMs })
    bans += 1
    log.warn({ address, failures: count, banMs }, 'address banned after failed logins')
  }

  const countGuess = (name: string) => {
    const found = guesses.get(name)
    const isRunning = found !== undefined && found.windowEndsAt > now()
    const count = isRunning ? found.count + 1 : 1
    guesses.set(name, {
      count,
      windowEndsAt: isRunning ? found.windowEndsAt : now() + MS_PER_MINUTE,
      pausedUntil: count > GUESSES_A_MINUTE ? now() + waitMs : (found?.pausedUntil ?? 0),
    })
  }

  return {
    isBanned: (address) => (addresses.get(addressGroup(address))?.bannedUntil ?? 0) > now(),
    isPaused(name, address) {
      const pair = pairOf(name, address)
      if ((pauses.get(pair) ?? 0) > now()) return true
      const isKnown = (known.get(pair) ?? 0) > now()
      return !isKnown && (guesses.get(shortened(name))?.pausedUntil ?? 0) > now()
    },
    failed: countAgainst,
    loginFailed(name, address) {
      if (name !== '') failedLogins += 1
      if (waitMs > 0) {
        pauses.set(pairOf(name, address), now() + waitMs)
        if (name !== '') countGuess(shortened(name))
      }
      // For fail2ban and its kin: the message is fixed, the address is a field. A request without credentials is no login.
      if (name !== '') log.info({ address, username: name.slice(0, 200) }, 'login failed')
      countAgainst(address)
    },
    loginSucceeded(name, address) {
      const pair = pairOf(name, address)
      pauses.delete(pair)
      known.set(pair, now() + KNOWN_MS)
      addresses.delete(addressGroup(address))
    },
    counts: () => ({ failedLogins, bans }),
  }
}

/** Names are bounded by what a request may carry, which is too much to keep. */
const shortened = (name: string): string =>
  name.length <= 100 ? name : createHash('sha256').update(name).digest('base64')

const pairOf = (name: string, address: string): string => `${addressGroup(address)} ${shortened(name)}`
