import type { Clock, Logger } from '@rport/kit'
import type { Connection } from '@rport/transport'
import type { AgentLockout, AgentLogin } from '../agents/agent-login.ts'
import type { LinkRefusal } from '../agents/link-counts.ts'
import type { Newcomers } from '../sockets/index.ts'
import type { Line, LineHandlers } from './line.ts'
import type { ConnectorSays, MainSays } from './messages.ts'
import { RemoteConnection } from './remote-connection.ts'
import { createRemoteListeners } from './remote-listeners.ts'

/** What the main process knows and decides for all connectors. */
export interface DeskDeps {
  readonly lockout: Pick<AgentLockout, 'isBanned'>
  readonly newcomers: Pick<Newcomers, 'admit' | 'arrivedFrom'>
  readonly clientsAt: (address: string) => number
  readonly login: AgentLogin
  readonly onRefused: (reason: LinkRefusal) => void
  /** An agent has logged in; its connection waits to be served. */
  readonly onArrived: (connection: Connection, address: string) => void
  readonly clock: Clock
  readonly log: Logger
}

/** The main process's side of the line to one connector. */
export interface ConnectorDesk {
  /** As of the last `refresh`. */
  readonly pendingHandshakes: number
  /** Asks for what the connector has counted. @throws when it is gone */
  refresh(): Promise<void>
  /** The process is gone: its agents are lost, and nobody of those who were arriving is. */
  lost(reason: string): void
}

/** Serves the line. */
export function serveConnector(line: Line<MainSays, ConnectorSays>, deps: DeskDeps): ConnectorDesk {
  const { newcomers, clock, log } = deps
  const connections = new Map<number, RemoteConnection>()
  /** What ends the counting of those who have not logged in, by socket. */
  const arriving = new Map<number, (() => void)[]>()
  const listeners = createRemoteListeners({ line, clock, log })
  let pendingHandshakes = 0

  const count = (socket: number, release: (() => void) | undefined): boolean => {
    if (!release) return false
    arriving.set(socket, [...(arriving.get(socket) ?? []), release])
    return true
  }
  const settle = (socket: number) => {
    for (const release of arriving.get(socket) ?? []) release()
    arriving.delete(socket)
  }

  const decisions: Pick<LineHandlers<ConnectorSays>, 'judge' | 'login' | 'arrived' | 'settled' | 'refused'> = {
    arrived({ socket, address }) {
      if (count(socket, newcomers.arrivedFrom(address))) return
      deps.onRefused('limit')
      line.tell('drop', { socket })
    },
    judge({ socket, address, isForwarded, isAgent }) {
      if (deps.lockout.isBanned(address)) return 'banned'
      // Whoever is not known by the socket's own address, because a proxy stands between, is counted by the true one.
      if (isAgent && isForwarded && !count(socket, newcomers.admit(address))) return 'limit'
      return deps.clientsAt(address) > 0 ? 'known' : 'stranger'
    },
    login: ({ clientAuthId, password, address }) => deps.login(clientAuthId, password, address),
    settled: ({ socket }) => settle(socket),
    refused: ({ reason }) => deps.onRefused(reason),
  }

  line.serve({
    ...decisions,
    log: ({ level, fields, message }) => log[level](fields, message),
    agent(facts) {
      const connection = new RemoteConnection(facts, { line, listeners, clock })
      connections.set(facts.agent, connection)
      deps.onArrived(connection, facts.address)
    },
    agentRequest({ agent, name, payload, wantReply }) {
      const connection = connections.get(agent)
      if (!connection) throw new Error('this agent is not known')
      return connection.receive(name, Buffer.from(payload), wantReply)
    },
    alive: ({ agent }) => connections.get(agent)?.isAlive(),
    ended({ agent, reason, receivedBytes, sentBytes }) {
      const connection = connections.get(agent)
      connections.delete(agent)
      connection?.hasMoved(receivedBytes, sentBytes)
      connection?.hasEnded(reason)
    },
    visitors({ changes }) {
      for (const [tunnel, visitors] of changes) listeners.visitorsOf(tunnel, visitors)
    },
  })

  return {
    get pendingHandshakes() {
      return pendingHandshakes
    },
    async refresh() {
      const { bytes, ...now } = await line.ask('figures', null)
      pendingHandshakes = now.pendingHandshakes
      for (let at = 0; at + 2 < bytes.length; at += 3) {
        connections.get(bytes[at] ?? 0)?.hasMoved(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0)
      }
    },
    lost(reason) {
      line.end(reason)
      pendingHandshakes = 0
      for (const socket of [...arriving.keys()]) settle(socket)
      for (const connection of connections.values()) connection.hasEnded({ code: 'network', text: reason })
      connections.clear()
    },
  }
}
