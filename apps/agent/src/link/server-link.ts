import { type Clock, formatDuration, type Logger } from '@rport/kit'
import { type CloseReason, TransportError } from '@rport/transport'
import { checkLink } from './check-link.ts'
import { explain } from './explain.ts'
import { type JoinDeps, joinServer, type LiveLink } from './join-server.ts'
import type { MachineWatch } from './machine-watch.ts'
import { RegistrationRefused } from './registration.ts'
import { retryDelayMs, SETTLED_MS, serverWaitMs } from './retry-delay.ts'
import { createRetryWait } from './retry-wait.ts'
import { switchBack } from './switch-back.ts'

export interface ServerLinkDeps extends JoinDeps {
  /** URLs: the main server first, then the fallbacks in order. */
  readonly servers: readonly [string, ...string[]]
  readonly switchbackIntervalMs: number
  readonly machine: MachineWatch
  readonly hasCredentials: boolean
  /** -1 = no limit. */
  readonly maxRetryCount: number
  readonly maxRetryIntervalMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly random?: () => number
}

export interface ServerLink {
  /** Connects, and connects again, until `signal` aborts or the retries are used up. Never rejects. */
  run(signal: AbortSignal): Promise<'stopped' | 'gave-up'>
  /** Ends a wait before the next attempt, unless the server asked for it. */
  retryNow(): void
}

/** What came of one round: from the first dial to the end of the connection. */
interface Round {
  /** The connection lasted: the next trouble is a new one. */
  readonly isSettled: boolean
  /** The server asked us to stay away for so long. */
  readonly retryAfterMs?: number | undefined
}

/** The agent's life: dial, register, serve until the end of the connection, wait, again. An agent is never lost. */
export function createServerLink(deps: ServerLinkDeps): ServerLink {
  const { clock, log, maxRetryCount, maxRetryIntervalMs, servers } = deps
  const random = deps.random ?? Math.random
  const [mainServer] = servers
  const pause = createRetryWait(clock)
  const reasonOf = (error: unknown) => explain(error, deps)
  let live: LiveLink | undefined
  let isPauseOfServer = false

  /** The first server that takes us; the last error counts. */
  const joinFirst = async (signal: AbortSignal): Promise<LiveLink> => {
    let failure: unknown
    for (const server of servers) {
      try {
        return await joinServer(server, deps, { dialling: signal, life: signal })
      } catch (error) {
        if (signal.aborted) throw error
        log.warn({ server, reason: reasonOf(error) }, 'connection failed')
        failure = error
      }
    }
    throw failure
  }

  /** Holds a link until it ends; a fallback is left for the main server as soon as that is back. */
  const stay = async (first: LiveLink, signal: AbortSignal): Promise<CloseReason> => {
    live = first
    const onAbort = () => live?.connection.close('the agent stops')
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    try {
      for (;;) {
        const { connection } = live
        if (live.server === mainServer) return await connection.closed
        const leaving = new AbortController()
        void connection.closed.then(() => leaving.abort())
        const next = await switchBack(
          { ...deps, intervalMs: deps.switchbackIntervalMs, join, explain: reasonOf },
          leaving.signal,
        )
        if (!next) return await connection.closed
        log.info({ from: live.server, to: next.server }, 'back on the main server')
        live = next
        connection.close('the main server is back')

        async function join(): Promise<LiveLink> {
          try {
            return await joinServer(mainServer, deps, { dialling: leaving.signal, life: signal })
          } catch (error) {
            // Two ways may lead to one server of the original, which does not take a client twice: this link has to go first.
            if (error instanceof RegistrationRefused && error.isDouble) connection.close('the main server is back')
            throw error
          }
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      live.connection.close('over')
      live = undefined
    }
  }

  const round = async (signal: AbortSignal): Promise<Round> => {
    try {
      const link = await joinFirst(signal)
      const connectedAt = clock.monotonic()
      const reason = await stay(link, signal)
      if (!signal.aborted) log.warn({ reason: reason.text }, 'disconnected')
      return { isSettled: clock.monotonic() - connectedAt >= SETTLED_MS }
    } catch (error) {
      return { isSettled: false, retryAfterMs: error instanceof TransportError ? error.retryAfterMs : undefined }
    }
  }

  const keepConnected = async (signal: AbortSignal): Promise<'stopped' | 'gave-up'> => {
    for (let attempt = 0; ; attempt += 1) {
      const { isSettled, retryAfterMs } = await round(signal)
      if (signal.aborted) return 'stopped'
      if (isSettled) attempt = 0
      if (maxRetryCount >= 0 && attempt >= maxRetryCount) {
        log.error({ retries: attempt }, 'maximum of retries reached, giving up (connection.max_retry_count)')
        return 'gave-up'
      }
      const askedMs = serverWaitMs(retryAfterMs, random)
      const delayMs = Math.max(askedMs, retryDelayMs(attempt, maxRetryIntervalMs, random))
      isPauseOfServer = askedMs > 0
      log.info({ wait: formatDuration(Math.round(delayMs)), attempt: attempt + 1 }, 'retrying')
      deps.report.retrying(delayMs)
      await pause.wait(delayMs, signal)
      if (signal.aborted) return 'stopped'
    }
  }

  const retryNow = () => {
    if (!isPauseOfServer) pause.wake()
  }

  return {
    retryNow,
    async run(signal) {
      const machine = deps.machine.start(() => {
        if (live) void checkLink(live.connection, clock)
        retryNow()
      })
      try {
        return await keepConnected(signal)
      } finally {
        machine.stop()
      }
    },
  }
}
