import { backoffDelayMs, MS_PER_MINUTE } from '@rport/kit'

/** First try after a lost connection: within two seconds, at a random moment, so that a fleet does not return in one instant. */
const FIRST_MS = 2000
/**
 * The next tries: a server that is started anew is away for seconds, and whoever came too early shall not be the last one back.
 * Further apart than the first, so that a fleet that is spread stays spread.
 */
const SHORT_TRIES = 2
const SHORT_MS = { from: 1000, to: 3000 }
/** Where the waits begin to grow. */
const MIN_MS = 5000
/** A connection that lasted so long was a good one: the next trouble is a new one. */
export const SETTLED_MS = 10_000
/** No server keeps an agent away for longer: whoever answers may be a proxy's error page. */
const MAX_SERVER_WAIT_MS = 15 * MS_PER_MINUTE
/** Agents that were all told the same come back over this part of the wait. */
const SERVER_WAIT_SPREAD = 0.2

/**
 * The wait before retry number `attempt` (0, 1, 2, …), in milliseconds.
 * @param maxMs  `max_retry_interval`: unlike the original's, it is obeyed
 */
export function retryDelayMs(attempt: number, maxMs: number, random: () => number): number {
  if (attempt === 0) return Math.min(FIRST_MS, maxMs) * random()
  if (attempt <= SHORT_TRIES) return Math.min(SHORT_MS.from + (SHORT_MS.to - SHORT_MS.from) * random(), maxMs)
  return backoffDelayMs(attempt - SHORT_TRIES, { minMs: Math.min(MIN_MS, maxMs), maxMs, random })
}

/** The wait that a server asked for, bounded and spread, in milliseconds; 0 when it asked for none. */
export const serverWaitMs = (askedMs: number | undefined, random: () => number): number =>
  Math.min(askedMs ?? 0, MAX_SERVER_WAIT_MS) * (1 + SERVER_WAIT_SPREAD * random())
