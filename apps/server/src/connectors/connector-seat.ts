import { backoffDelayMs, errorMessage, inTime, MS_PER_MINUTE, type Timer } from '@rport/kit'
import { type ConnectorDesk, type DeskDeps, serveConnector } from './connector-desk.ts'
import { type Carrier, createLine, type Line } from './line.ts'
import type { ConnectorSays, ConnectorSettings, ListeningAt, MainSays } from './messages.ts'

/** A connector as a process: see `forkConnector` in run-process.ts. */
export interface ConnectorProcess extends Carrier {
  readonly pid: number | undefined
  /** Settles when it has ended, with its exit code or signal in words; never rejects. */
  readonly exited: Promise<string>
  /** Tells it its settings: said once, before anything else. */
  begin(settings: ConnectorSettings): void
  /** Cuts the line, which ends it. */
  disconnect(): void
  kill(): void
}

export interface SeatDeps extends DeskDeps {
  readonly number: number
  /** Starts a process, or takes one that was started before. */
  readonly fork: () => ConnectorProcess
}

/** The place of one connector: a process that is started anew when it dies. */
export interface ConnectorSeat {
  /** Starts the first process; it listens to nothing yet. @throws when it ends, and nothing is left */
  load(settings: ConnectorSettings): Promise<void>
  /** @throws what the listener of the connector has thrown, and nothing is left */
  listen(at: ListeningAt): Promise<void>
  stopListening(): void
  /** Ends the agents of the connector, then the process. Idempotent. */
  close(): Promise<void>
  readonly isListening: boolean
  /** As of the last `refresh`. */
  readonly pendingHandshakes: number
  /** Asks for what the connector has counted. Never rejects: without an answer the figures are older. */
  refresh(): Promise<void>
}

/** Before the next try; doubled by every failure in a row. */
const FIRST_DELAY_MS = 200
const LAST_DELAY_MS = 30_000
/** Whoever has lived for so long did not die of its start. */
const LIVED_MS = MS_PER_MINUTE
/** A process that loads and listens takes a fraction of a second; a machine that has no room for it takes longer. */
const START_LIMIT_MS = 30_000
/** A connector that does not end its agents within this time is killed. */
const CLOSE_LIMIT_MS = 3000
const EXIT_LIMIT_MS = 1000
/** So often it is asked whether it still works; so many times in a row it may stay silent. A machine that slept misses one. */
const LOOK_MS = 10_000
const MAX_UNANSWERED = 6
/** A scrape waits no longer. */
const FIGURES_LIMIT_MS = 1000

interface Running {
  readonly process: ConnectorProcess
  readonly line: Line<MainSays, ConnectorSays>
  readonly desk: ConnectorDesk
  listensAt: ListeningAt | undefined
  watch: Timer | undefined
}

/** Nothing runs before `load`. */
export function createConnectorSeat(deps: SeatDeps): ConnectorSeat {
  const { number, fork, clock, log } = deps
  let running: Running | undefined
  let retry: Timer | undefined
  let isClosing = false
  let isStopped = false
  let failures = 0

  const within = <T>(timeoutMs: number, work: Promise<T>): Promise<T> =>
    inTime(work, { timeoutMs, clock, late: () => new Error(`not within ${timeoutMs} ms`) })

  /** @throws when that does not work out; the process is gone then */
  const orKill = async <T>(own: Running, work: Promise<T>): Promise<T> => {
    try {
      return await within(START_LIMIT_MS, work)
    } catch (error) {
      own.process.kill()
      await own.process.exited
      throw error
    }
  }

  const load = async (settings: ConnectorSettings): Promise<Running> => {
    const startedAt = clock.monotonic()
    const process = fork()
    process.begin(settings)
    const line = createLine<MainSays, ConnectorSays>(process)
    const own: Running = { process, line, desk: serveConnector(line, deps), listensAt: undefined, watch: undefined }
    running = own
    void process.exited.then((how) => {
      own.watch?.cancel()
      own.desk.lost(`the connector of this agent has ended: ${how}`)
      running = undefined
      if (!own.listensAt || isClosing) return
      if (clock.monotonic() - startedAt >= LIVED_MS) failures = 0
      log.error({ connector: number, pid: process.pid, how }, 'connector has died, its agents are disconnected')
      again(settings, own.listensAt)
    })
    await orKill(own, line.ask('ready', null))
    return own
  }

  const listen = async (own: Running, at: ListeningAt): Promise<void> => {
    await orKill(own, own.line.ask('listenForAgents', at))
    own.listensAt = at
    own.watch = watch(own)
    log.info({ connector: number, pid: own.process.pid }, 'connector listens')
    if (isStopped) own.line.tell('stopListening', null)
  }

  /** A process that lives and does nothing is worse than a dead one. */
  const watch = ({ process, line }: Running): Timer => {
    let unanswered = 0
    const look = () => {
      if (unanswered === MAX_UNANSWERED) {
        log.error({ connector: number, pid: process.pid }, 'connector does not answer and is killed')
        process.kill()
      }
      unanswered += 1
      // A line that ends is the business of `exited`.
      line.ask('ready', null).then(
        () => {
          unanswered = 0
        },
        () => undefined,
      )
    }
    return clock.setInterval(look, LOOK_MS, { background: true })
  }

  const again = (settings: ConnectorSettings, at: ListeningAt) => {
    const delayMs = backoffDelayMs(failures, { minMs: FIRST_DELAY_MS, maxMs: LAST_DELAY_MS, random: () => 1 })
    failures += 1
    const start = async () => {
      retry = undefined
      try {
        await listen(await load(settings), at)
      } catch (error) {
        if (isClosing) return
        log.error({ connector: number, error: errorMessage(error) }, 'connector cannot be started')
        again(settings, at)
      }
    }
    retry = clock.setTimeout(() => void start(), delayMs)
  }

  return {
    load: async (settings) => void (await load(settings)),
    async listen(at) {
      if (!running) throw new Error('the connector has ended before it could listen')
      await listen(running, at)
    },
    get isListening() {
      return running?.listensAt !== undefined && !isStopped
    },
    get pendingHandshakes() {
      return running?.desk.pendingHandshakes ?? 0
    },
    async refresh() {
      // It is busy, or gone: figures of the last time are better than none.
      if (running) await within(FIGURES_LIMIT_MS, running.desk.refresh()).catch(() => undefined)
    },
    stopListening() {
      isStopped = true
      running?.line.tell('stopListening', null)
    },
    async close() {
      isClosing = true
      retry?.cancel()
      const last = running
      if (!last) return
      const { process, line } = last
      await within(CLOSE_LIMIT_MS, line.ask('close', null)).catch((error: unknown) => {
        if (!line.isOver)
          log.warn({ connector: number, error: errorMessage(error) }, 'connector does not end its agents')
      })
      process.disconnect()
      await within(EXIT_LIMIT_MS, process.exited).catch(() => process.kill())
      await process.exited
    },
  }
}
