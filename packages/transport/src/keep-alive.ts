import { type Clock, type Logger, systemClock, type Timer } from '@rport/kit'
import type { Connection } from './connection.ts'
import { SshSession } from './ssh/session.ts'

/** How a link is kept warm and found dead. */
export interface KeepAlivePolicy {
  /** Between two pings, in milliseconds. */
  readonly intervalMs: number
  /** Ping only when nothing has arrived for `intervalMs`. */
  readonly onlyWhenSilent: boolean
  /** An answer, or any byte, must arrive within this time after a ping. */
  readonly timeoutMs: number
  /** So many pings in a row may stay without an answer; then the link is given up. */
  readonly tries: number
  /** Ping below all requests: quicker and cheaper, for our own peers. Otherwise by the request that all peers know. */
  readonly belowRequests?: boolean
}

/** Between our own peers: a ping every 15 s, a link that is silent for two such times is given up. */
export const OWN_PEER_KEEP_ALIVE: KeepAlivePolicy = {
  intervalMs: 15_000,
  onlyWhenSilent: false,
  timeoutMs: 15_000,
  tries: 1,
  belowRequests: true,
}

interface Watched {
  readonly connection: Connection
  readonly policy: KeepAlivePolicy
  readonly onAlive: (() => void) | undefined
  dueAt: number
  sentAt: number | undefined
  failures: number
}

/** One tick serves every connection of the process: an idle agent costs no timer of its own. */
const TICK_MS = 1000
/** A tick so late means that this process or machine stood still: what has arrived meanwhile is not read yet. */
const STALL_MS = 5000

export interface KeepAlive {
  /** Watches a connection until it closes or `stop` is called. `onAlive` is told of every answered ping. */
  watch(connection: Connection, policy: KeepAlivePolicy, onAlive?: () => void): { stop(): void }
  close(): void
}

export function createKeepAlive(deps: { clock?: Clock; log: Logger; random?: () => number }): KeepAlive {
  const clock = deps.clock ?? systemClock
  const random = deps.random ?? Math.random
  const watched = new Set<Watched>()
  let ticker: Timer | undefined
  let tickedAt = clock.monotonic()
  let isClosed = false

  const tellAlive = (entry: Watched) => {
    try {
      entry.onAlive?.()
    } catch (thrown) {
      deps.log.error({ err: thrown }, 'keep-alive listener failed')
    }
  }

  const ping = (entry: Watched) => {
    const sentAt = clock.monotonic()
    entry.sentAt = sentAt
    if (entry.policy.belowRequests) {
      // The answer is no reply to anybody: the tick sees that something has arrived.
      entry.connection.probe()
      return
    }
    const onAnswer = () => {
      // Any answer proves life: old agents say "unknown request" (wire-protocol 2.7).
      if (entry.sentAt === sentAt) entry.sentAt = undefined
      entry.failures = 0
      tellAlive(entry)
    }
    const timeoutMs = entry.policy.timeoutMs * entry.policy.tries + 1000
    entry.connection
      .request('ping', '', { timeoutMs })
      // Timeouts are judged by the tick; a closed connection leaves by itself.
      .then(onAnswer, () => undefined)
  }

  const judge = (entry: Watched, now: number) => {
    const { connection, policy } = entry
    if (entry.sentAt !== undefined) {
      if (connection.lastReceivedAt > entry.sentAt) {
        entry.sentAt = undefined
        entry.failures = 0
        if (policy.belowRequests) tellAlive(entry)
      } else if (now - entry.sentAt >= policy.timeoutMs) {
        entry.failures += 1
        entry.sentAt = undefined
        if (entry.failures >= policy.tries) {
          watched.delete(entry)
          giveUp(connection, policy)
          return
        }
        ping(entry)
        return
      }
    }
    if (now < entry.dueAt) return
    const silentMs = now - connection.lastReceivedAt
    if (policy.onlyWhenSilent && silentMs < policy.intervalMs) {
      entry.dueAt = connection.lastReceivedAt + policy.intervalMs
      return
    }
    entry.dueAt = now + policy.intervalMs
    if (entry.sentAt === undefined) ping(entry)
  }

  const giveUp = (connection: Connection, policy: KeepAlivePolicy) => {
    const text = `no answer to ${policy.tries} ping(s), ${Math.round((clock.monotonic() - connection.lastReceivedAt) / 1000)} s of silence`
    deps.log.warn({ address: connection.remoteAddress, user: connection.user }, 'silent connection given up')
    if (connection instanceof SshSession) connection.closeSilent(text)
    else connection.close(text)
  }

  /** After a stall every link that owes an answer gets a fresh try: none is lost for our own absence. */
  const tick = () => {
    const now = clock.monotonic()
    const hasStalled = now - tickedAt > STALL_MS
    tickedAt = now
    for (const entry of watched) {
      if (hasStalled && entry.sentAt !== undefined) ping(entry)
      else judge(entry, now)
    }
  }

  return {
    watch(connection, policy, onAlive) {
      const now = clock.monotonic()
      // Spread over the interval, so that a fleet that connected together does not ping together.
      const dueAt = now + policy.intervalMs * (0.5 + random() / 2)
      const entry: Watched = { connection, policy, onAlive, dueAt, sentAt: undefined, failures: 0 }
      if (!isClosed) watched.add(entry)
      if (!isClosed && !ticker) {
        tickedAt = now
        ticker = clock.setInterval(tick, TICK_MS, { background: true })
      }
      const stop = () => {
        watched.delete(entry)
      }
      void connection.closed.then(stop)
      return { stop }
    },
    close() {
      isClosed = true
      ticker?.cancel()
      ticker = undefined
      watched.clear()
    },
  }
}
