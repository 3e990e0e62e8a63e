import { type Clock, MS_PER_MINUTE } from '@rport/kit'

/** So often may an id change hands within a minute before we believe that two machines share it. */
const MAX_TAKEOVERS = 3
const WINDOW_MS = MS_PER_MINUTE
/** A contest is over when nobody has tried for longer than agents of the original wait between tries (ten minutes). */
const QUIET_MS = 15 * MS_PER_MINUTE

/**
 * Judges whether a newcomer may push out the connection that holds its id. Normally it may: the old link is half dead, or
 * the agent was restarted. Two machines with one id would push each other out for ever; then the incumbent stays for as
 * long as it lives.
 */
export interface Takeovers {
  /** Whether another agent process may take over the id now. Counts as one when it may. */
  mayTakeOver(clientId: string): boolean
  /** The connection that holds the id has ended by itself: whoever comes next is welcome. */
  forget(clientId: string): void
}

/** Remembers contested ids only as long as the contest. */
export function createTakeovers({ clock }: { clock: Clock }): Takeovers {
  const contests = new Map<string, { takeoversAt: number[]; lastTryAt: number; isHeld: boolean }>()
  return {
    mayTakeOver(clientId) {
      const now = clock.monotonic()
      const known = contests.get(clientId)
      const contest =
        known && now - known.lastTryAt < QUIET_MS ? known : { takeoversAt: [], lastTryAt: now, isHeld: false }
      contests.set(clientId, contest)
      contest.lastTryAt = now
      contest.takeoversAt = contest.takeoversAt.filter((at) => now - at < WINDOW_MS)
      contest.isHeld ||= contest.takeoversAt.length >= MAX_TAKEOVERS
      if (!contest.isHeld) contest.takeoversAt.push(now)
      return !contest.isHeld
    },
    forget: (clientId) => void contests.delete(clientId),
  }
}
