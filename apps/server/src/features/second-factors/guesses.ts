import { addressGroup, type Clock, createRecentMap, MS_PER_HOUR, MS_PER_MINUTE } from '@rport/kit'

/**
 * Counts what whoever knows a password may do with it before he has the second factor. Each count belongs to a name and an
 * address; the one of a name alone is for guessing from many addresses, and does not hold where the user has been before.
 */
export interface Guesses {
  /** Whether no more codes of this name are judged from this address for now. */
  isHeld(username: string, address: string): boolean
  wrong(username: string, address: string): void
  right(username: string, address: string): void
  /** Counts a code to be sent. @returns whether it may be */
  maySend(username: string, address: string): boolean
}

/** A code of six digits is guessed with 20 attempts a day in some 130 years. */
const MAX_WRONG = 20
const WRONG_WINDOW_MS = 24 * MS_PER_HOUR
const MAX_SENT_TO_ADDRESS = 5
const MAX_SENT = 30
const SENT_WINDOW_MS = 10 * MS_PER_MINUTE
const KNOWN_MS = 30 * 24 * MS_PER_HOUR
const MAX_ENTRIES = 50_000

interface Count {
  readonly count: number
  readonly endsAt: number
}

/** Memory only: a restart forgets it all. */
export function createGuesses({ clock }: { readonly clock: Clock }): Guesses {
  const wrongs = createRecentMap<Count>(MAX_ENTRIES)
  const sends = createRecentMap<Count>(MAX_ENTRIES)
  const known = createRecentMap<number>(MAX_ENTRIES)
  const pairOf = (username: string, address: string) => `${addressGroup(address)} ${username}`
  // A pair has a blank after its address: no name alone looks like one, because of the sign in front.
  const aloneOf = (username: string) => `* ${username}`

  const countOf = (counts: typeof wrongs, key: string): number => {
    const found = counts.get(key)
    return found && found.endsAt > clock.monotonic() ? found.count : 0
  }
  const add = (counts: typeof wrongs, key: string, windowMs: number) => {
    const count = countOf(counts, key)
    const endsAt = count === 0 ? clock.monotonic() + windowMs : (counts.get(key)?.endsAt ?? 0)
    counts.set(key, { count: count + 1, endsAt })
  }

  return {
    isHeld(username, address) {
      const pair = pairOf(username, address)
      if (countOf(wrongs, pair) >= MAX_WRONG) return true
      const isKnown = (known.get(pair) ?? 0) > clock.monotonic()
      return !isKnown && countOf(wrongs, aloneOf(username)) >= MAX_WRONG
    },
    wrong(username, address) {
      add(wrongs, pairOf(username, address), WRONG_WINDOW_MS)
      add(wrongs, aloneOf(username), WRONG_WINDOW_MS)
    },
    right(username, address) {
      const pair = pairOf(username, address)
      wrongs.delete(pair)
      sends.delete(pair)
      known.set(pair, clock.monotonic() + KNOWN_MS)
    },
    maySend(username, address) {
      const [pair, alone] = [pairOf(username, address), aloneOf(username)]
      const isKnown = (known.get(pair) ?? 0) > clock.monotonic()
      if (countOf(sends, pair) >= MAX_SENT_TO_ADDRESS) return false
      if (!isKnown && countOf(sends, alone) >= MAX_SENT) return false
      add(sends, pair, SENT_WINDOW_MS)
      add(sends, alone, SENT_WINDOW_MS)
      return true
    },
  }
}
