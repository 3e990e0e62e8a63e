import type { OpenTunnelListener, TunnelListener } from '../visitors/index.ts'
import type { ConnectorAgents } from './connector-agents.ts'
import type { Line, LineHandlers } from './line.ts'
import type { ConnectorSays, MainSays } from './messages.ts'

export interface ConnectorTunnelsDeps {
  readonly line: Line<ConnectorSays, MainSays>
  readonly agents: Pick<ConnectorAgents, 'require'>
  readonly openListener: OpenTunnelListener
}

/** The listeners of tunnels in a connector, by the main process's numbers. Which there are is its business. */
export function createConnectorTunnels(deps: ConnectorTunnelsDeps): {
  readonly handlers: Pick<LineHandlers<MainSays>, 'listen' | 'countVisitors' | 'changeAcl' | 'unlisten'>
} {
  const { line, agents, openListener } = deps
  const listeners = new Map<number, TunnelListener>()
  const changed = new Set<number>()

  /** Once for all visitors that came and left in one turn of the loop. */
  const tell = () => {
    const changes = [...changed].map((tunnel) => [tunnel, listeners.get(tunnel)?.openConnections ?? 0] as const)
    changed.clear()
    line.tell('visitors', { changes })
  }
  const hasChanged = (tunnel: number) => () => {
    if (changed.size === 0) setImmediate(tell)
    changed.add(tunnel)
  }

  return {
    handlers: {
      async listen({ agent, tunnel, way }) {
        listeners.set(tunnel, await openListener(agents.require(agent), way, hasChanged(tunnel)))
        return null
      },
      countVisitors: ({ tunnel }) => listeners.get(tunnel)?.openConnections ?? 0,
      async changeAcl({ tunnel, acl }) {
        await listeners.get(tunnel)?.changeAcl(acl)
        return null
      },
      async unlisten({ tunnel }) {
        await listeners.get(tunnel)?.close()
        listeners.delete(tunnel)
        return null
      },
    },
  }
}
