import type { IpNetwork, LogLevel, Secret } from '@rport/kit'
import type { AgentListener } from '../agents/listener.ts'
import type { AnswerPlain } from '../agents/plain-desk.ts'
import type { DeskDeps } from './connector-desk.ts'
import { type ConnectorProcess, createConnectorSeat } from './connector-seat.ts'
import { requireFreePort } from './free-port.ts'
import type { ConnectorSettings, ListeningAt } from './messages.ts'
import { createPlainDoor } from './plain-door.ts'

export interface ConnectorPoolDeps extends DeskDeps {
  /** How many processes. */
  readonly connectors: number
  readonly listen: ListeningAt
  readonly keySeed: Secret
  readonly logLevel: LogLevel
  readonly maxConcurrentHandshakes: number
  readonly maxRequestBytes: number
  readonly trustedProxies: readonly IpNetwork[]
  readonly answerPlain: AnswerPlain
  readonly dataDir: string
  /** Starts a process, or takes one that was started before. */
  readonly fork: () => ConnectorProcess
}

/** The port for agents, served by several processes. */
export interface ConnectorPool extends AgentListener {
  /** Starts the processes, before `start`: that takes a moment, in which nothing has to wait. */
  load(): Promise<void>
  /** Asks all for what they have counted; before, `pendingHandshakes` and the bytes of connections are older. Never rejects. */
  refresh(): Promise<void>
  /** How many of them listen now. */
  readonly listening: number
}

/** Starts nothing before `load`. */
export function createConnectorPool(deps: ConnectorPoolDeps): ConnectorPool {
  const { connectors, keySeed, maxRequestBytes, trustedProxies, clock } = deps
  const seats = Array.from({ length: connectors }, (_, index) => createConnectorSeat({ ...deps, number: index + 1 }))
  const door = createPlainDoor({ ...deps, answer: deps.answerPlain })
  const listening = () => seats.filter((seat) => seat.isListening).length

  return {
    async load() {
      const plainDoor = await door.open()
      // As many handshakes at once as one process would have, shared out.
      const maxConcurrentHandshakes = Math.max(1, Math.ceil(deps.maxConcurrentHandshakes / connectors))
      const limits = { maxConcurrentHandshakes, maxRequestBytes, trustedProxies }
      const settingsOf = (index: number): ConnectorSettings => ({
        number: index + 1,
        keySeed: keySeed.reveal(),
        logLevel: deps.logLevel,
        limits,
        plainDoor,
      })
      await Promise.all(seats.map((seat, index) => seat.load(settingsOf(index))))
    },
    async start() {
      const at = await requireFreePort(deps.listen, clock)
      await Promise.all(seats.map((seat) => seat.listen(at)))
      return at
    },
    get isListening() {
      return listening() > 0
    },
    get listening() {
      return listening()
    },
    get pendingHandshakes() {
      return seats.reduce((sum, seat) => sum + seat.pendingHandshakes, 0)
    },
    async refresh() {
      await Promise.all(seats.map((seat) => seat.refresh()))
    },
    stopListening() {
      for (const seat of seats) seat.stopListening()
    },
    async close() {
      await Promise.all(seats.map((seat) => seat.close()))
      await door.close()
    },
  }
}
