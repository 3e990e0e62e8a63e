import { type Clock, systemClock } from '@rport/kit'
import { createMemoryLogger, type MemoryLogger } from '@rport/kit/testing'
import { type Connection, pipeSocket } from '@rport/transport'
import { createTunnelListeners } from '../../visitors/index.ts'
import { createConnectorAgents } from '../connector-agents.ts'
import { type ConnectorDesk, type DeskDeps, serveConnector } from '../connector-desk.ts'
import { createConnectorTunnels } from '../connector-tunnels.ts'
import { createLine, type Line } from '../line.ts'
import type { ConnectorSays, MainSays } from '../messages.ts'
import type { RemoteConnection } from '../remote-connection.ts'
import { createRemoteLog } from '../remote-log.ts'
import { createCarrierPair } from './carrier-pair.ts'

/** A connector and the main process in one, over a line in memory; the port for agents is left out. */
export interface TestConnector {
  /** The connector's end of the line. */
  readonly line: Line<ConnectorSays, MainSays>
  readonly desk: ConnectorDesk
  readonly log: MemoryLogger
  /** An agent has logged in at the connector. @returns its connection as the main process sees it */
  bring(connection: Connection, address?: string): Promise<RemoteConnection>
  /** The connector is killed: it stands still, and the main process learns that it has ended. */
  die(): void
}

export interface TestConnectorOptions extends Partial<DeskDeps> {
  /** Of the connector. */
  readonly connectorClock?: Clock
}

export function createTestConnector(options: TestConnectorOptions = {}): TestConnector {
  const clock = options.connectorClock ?? systemClock
  const log = createMemoryLogger()
  const carriers = createCarrierPair()
  const arrivals: ((connection: RemoteConnection) => void)[] = []
  const desk = serveConnector(createLine<MainSays, ConnectorSays>(carriers.main), {
    lockout: { isBanned: () => false },
    newcomers: { admit: () => () => undefined, arrivedFrom: () => () => undefined },
    clientsAt: () => 0,
    login: async () => true,
    onRefused: () => undefined,
    onArrived: (connection) => arrivals.shift()?.(connection as RemoteConnection),
    clock: systemClock,
    log,
    ...options,
  })
  const line = createLine<ConnectorSays, MainSays>(carriers.connector)
  const ownLog = createRemoteLog((entry) => line.tell('log', entry), 'debug')
  const agents = createConnectorAgents({ line, clock, log: ownLog })
  const openListener = createTunnelListeners({ pipe: pipeSocket, clock, log: ownLog })
  line.serve({
    ...agents.handlers,
    ...createConnectorTunnels({ line, agents, openListener }).handlers,
    ready: () => null,
    figures: () => ({ pendingHandshakes: 3, bytes: agents.movedBytes() }),
    listenForAgents: (at) => at,
    stopListening: () => undefined,
    close: () => null,
    drop: () => undefined,
  })
  return {
    line,
    desk,
    log,
    bring(connection, address = '192.0.2.7') {
      const { promise, resolve } = Promise.withResolvers<RemoteConnection>()
      arrivals.push(resolve)
      agents.arrived(connection, address)
      return promise
    },
    die() {
      carriers.cut()
      desk.lost('the connector of this agent has ended: SIGKILL')
    },
  }
}
