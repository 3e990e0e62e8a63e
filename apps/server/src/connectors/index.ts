/**
 * Connector processes: the port for agents, their connections and their tunnels' listeners, spread over several cores.
 * Not for what is decided: who may come in, who is registered, which tunnels there are stays in the main process.
 * Start at connector-pool.ts (the main process's side) and connector.ts (the other), then messages.ts (what they say).
 */
import type { KeepAlive } from '@rport/transport'
import type { OpenTunnelListener } from '../visitors/index.ts'
import { remote } from './remote-connection.ts'

export { type ConnectorPool, createConnectorPool } from './connector-pool.ts'
export type { ConnectorProcess } from './connector-seat.ts'
export type { Message } from './line.ts'
export type { ConnectorSettings } from './messages.ts'

/** Tunnels listen in the connector that has their agent. */
export const openListenerInConnector: OpenTunnelListener = (connection, way) => remote(connection).listen(way)

/** Links are watched by the connector that has them. */
export const watchInConnector: KeepAlive['watch'] = (connection, policy, onAlive) => {
  remote(connection).watch(policy, onAlive)
  return { stop: () => undefined }
}
