import { type Clock, errorMessage, formatDuration, type Logger, MS_PER_MINUTE, type Timer } from '@rport/kit'
import { type LinkState, stateText } from './state-text.ts'
import type { SystemdNotice } from './systemd-notice.ts'

/** The part of the link's report that a watchdog is told. */
export interface Watchdog {
  /** The agent runs. */
  start(): void
  connected(server: string, withinMs: number): void
  alive(server: string): void
  retrying(waitMs: number): void
  /** Resolves when the last state is written. */
  close(): Promise<void>
}

export interface WatchdogDeps {
  /** `connection.watchdog_integration`; without it systemd is told that we are ready, and nothing else happens. */
  readonly isEnabled: boolean
  /** Replaces state.json as a whole. */
  readonly writeState: (text: string) => Promise<void>
  readonly systemd: SystemdNotice
  /** Between two pings, in milliseconds. */
  readonly keepAliveMs: number
  /** Minutes that local time is ahead of UTC at an instant. */
  readonly utcOffsetMinutes: (atMs: number) => number
  readonly clock: Clock
  readonly log: Logger
}

/** Good pings renew the state at most this often: the file may lie on a card that wears. */
const MAX_REFRESH_MS = MS_PER_MINUTE

/**
 * Keeps state.json and systemd up to date. While there is no link, the state is renewed on time: an agent that waits for
 * its server is well. While there is one, only answers of the server renew it, so that a link that hangs shows.
 */
export function createWatchdog(deps: WatchdogDeps): Watchdog {
  const { clock, log, systemd } = deps
  const refreshMs = deps.keepAliveMs > 0 ? Math.min(deps.keepAliveMs, MAX_REFRESH_MS) : MAX_REFRESH_MS
  let current: { state: LinkState; message: string } = { state: 'initialized', message: '' }
  let renewedAt = clock.monotonic()
  let beat: Timer | undefined
  let hasFailed = false
  let writing: Promise<void> | undefined
  let isStale = false

  /** One writer at a time; states that come meanwhile are written as one, the last. */
  const write = async (): Promise<void> => {
    do {
      isStale = false
      const now = clock.now()
      try {
        await deps.writeState(stateText(current.state, current.message, now, deps.utcOffsetMinutes(now)))
        hasFailed = false
      } catch (error) {
        if (!hasFailed) log.warn({ reason: errorMessage(error) }, 'state.json not written')
        hasFailed = true
      }
      await systemd.send('WATCHDOG=1')
    } while (isStale)
    writing = undefined
  }

  const renew = () => {
    if (!deps.isEnabled) return
    renewedAt = clock.monotonic()
    isStale = true
    writing ??= write()
  }

  const enter = (state: LinkState, message: string) => {
    current = { state, message }
    renew()
  }

  return {
    start() {
      void systemd.send('READY=1')
      enter('initialized', '')
      if (!deps.isEnabled) return
      const onBeat = () => {
        if (current.state !== 'connected') renew()
      }
      beat = clock.setInterval(onBeat, refreshMs, { background: true })
    },
    connected: (server, withinMs) => enter('connected', `Connected to ${server} within ${formatDuration(withinMs)}`),
    alive(server) {
      if (clock.monotonic() - renewedAt >= refreshMs) enter('connected', `ping to ${server} succeeded`)
    },
    retrying: (waitMs) => enter('reconnecting', `Retrying in ${formatDuration(Math.round(waitMs))}...`),
    async close() {
      beat?.cancel()
      beat = undefined
      await writing
    },
  }
}
