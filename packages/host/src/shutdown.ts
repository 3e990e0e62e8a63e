import type { EventEmitter } from 'node:events'
import { type Clock, type Logger, systemClock } from '@rport/kit'
import type { HeldSignals } from './held-signals.ts'

/** After this time a program ends even if something in it does not want to, in milliseconds. */
const DEFAULT_DEADLINE_MS = 10_000
/** One Ctrl-C reaches a program twice when npm stands between it and the terminal; a person is slower than this. */
const TWIN_SIGNAL_MS = 500
/** Faults that keep coming while the program closes are logged this often. */
const MAX_LATE_FAULTS = 20

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** The part of the runtime's `process` that is needed here; a test hands in its own. */
export interface ProcessEvents extends Pick<EventEmitter, 'on'> {
  readonly platform: string
  exit(code: number): void
}

export interface ShutdownOptions {
  log: Logger
  /** Ends everything in reverse order of its start; must work after a half-failed start. Called at most once. */
  close(reason: string): Promise<void>
  /** SIGHUP. What it throws or rejects with is logged; nothing ends. */
  onReload?: () => void | Promise<void>
  /** Signals that end the program; SIGINT and SIGTERM unless told otherwise. */
  signals?: readonly StopSignal[]
  /** Signals that came earlier; they count as if they came now. */
  held?: HeldSignals
  /** How long `close` may take. */
  deadlineMs?: number
  clock?: Clock
  process?: ProcessEvents
}

/** The rest of a program's life, from the moment it runs. */
export interface Life {
  /** Ends the program from inside, as a signal would, with this exit code. */
  stop(reason: string, exitCode: number): void
}

/**
 * Ties the life of the program to its signals. SIGINT and SIGTERM close it and exit with 0, at the latest after
 * `deadlineMs`; a second one ends it at once with 1. SIGHUP reloads. SIGPIPE, SIGUSR1 and SIGUSR2 change nothing.
 * An error that nobody caught is logged with its stack; the program closes and exits with 1.
 */
export function runUntilSignal(options: ShutdownOptions): Life {
  const { log, clock = systemClock, deadlineMs = DEFAULT_DEADLINE_MS } = options
  const events: ProcessEvents = options.process ?? process
  const stopSignals: readonly string[] = options.signals ?? ['SIGINT', 'SIGTERM']
  let isClosing = false
  let firstSignalAt = Number.NEGATIVE_INFINITY
  let lateFaults = 0

  const end = async (reason: string, exitCode: number): Promise<void> => {
    isClosing = true
    let code = exitCode
    const timer = clock.setTimeout(() => {
      log.warn({ deadlineMs }, 'closing took too long, ending anyway')
      events.exit(code)
    }, deadlineMs)
    try {
      await options.close(reason)
    } catch (error) {
      log.error({ error }, 'closing failed')
      code = 1
    }
    timer.cancel()
    events.exit(code)
  }

  const onSignal = (signal: string) => {
    if (clock.monotonic() - firstSignalAt < TWIN_SIGNAL_MS) return
    if (isClosing) {
      log.warn({ signal }, 'second signal, ending at once')
      events.exit(1)
      return
    }
    firstSignalAt = clock.monotonic()
    log.info({ signal }, 'shutting down')
    void end(signal, 0)
  }
  const onFault = (error: unknown) => {
    lateFaults += 1
    if (lateFaults <= MAX_LATE_FAULTS) log.error({ error }, 'unexpected fault, please report it')
    if (!isClosing) void end('fault', 1)
  }
  const reload = async () => {
    try {
      await options.onReload?.()
    } catch (error) {
      log.error({ error }, 'reloading failed, everything stays as it was')
    }
  }

  for (const signal of stopSignals) events.on(signal, () => onSignal(signal))
  if (events.platform === 'win32') {
    // There a closed console window is a SIGHUP, and the system ends the process soon after it.
    events.on('SIGHUP', () => onSignal('SIGHUP'))
  } else {
    events.on('SIGHUP', () => void reload())
    for (const signal of ['SIGPIPE', 'SIGUSR1', 'SIGUSR2'])
      events.on(signal, () => log.debug({ signal }, 'signal ignored'))
  }
  for (const signal of options.held?.release() ?? []) {
    if (stopSignals.includes(signal)) onSignal(signal)
    else if (signal === 'SIGHUP') void reload()
  }
  events.on('uncaughtException', onFault)
  events.on('unhandledRejection', onFault)

  return {
    stop(reason, exitCode) {
      if (!isClosing) void end(reason, exitCode)
    },
  }
}
