import { type LegacySessionView, legacySessions, type TunnelView, tunnels } from '@rport/api'
import { type Actor, handlerOf, type RouteSet, routes } from '../../http/index.ts'
import type { Client, ClientRegistry, Visibility } from '../clients/index.ts'

export interface LegacySessionDeps {
  readonly registry: Pick<ClientRegistry, 'find' | 'sortedIds'>
  readonly visibilityOf: (actor: Actor) => Promise<Visibility>
  /** The operations of packages/api/src/tunnels.ts: every rule that holds there holds here. */
  readonly tunnelRoutes: RouteSet
}

/** The operations of packages/api/src/legacy-sessions.ts. */
export function legacySessionRoutes({ registry, visibilityOf, tunnelRoutes }: LegacySessionDeps): RouteSet {
  const openTunnel = handlerOf(tunnelRoutes, tunnels.endpoints.create)
  const closeTunnel = handlerOf(tunnelRoutes, tunnels.endpoints.delete)
  return routes(legacySessions, {
    async list({ actor }) {
      const { sees } = await visibilityOf(actor)
      const clients = registry.sortedIds('id').map((id) => registry.find(id))
      return clients.flatMap((client) => (client && isConnected(client) && sees(client.id) ? [toView(client)] : []))
    },
    async openTunnel({ query, ...input }) {
      // compat: the first release asked nobody and ended no tunnel by itself.
      const asToday = { ...query, check_port: '0', 'idle-timeout-minutes': '0' }
      const tunnel = (await openTunnel({ ...input, query: asToday })) as TunnelView
      return { success: 1 as const, tunnel_id: tunnel.id }
    },
    async closeTunnel(input) {
      await closeTunnel({ ...input, query: { force: 'true' } })
      return { success: 1 as const }
    },
  })
}

const isConnected = (client: Client): boolean => client.disconnectedAt === undefined

function toView(client: Client): LegacySessionView {
  const tunnelViews = client.tunnels.map((tunnel) => ({
    lhost: tunnel.listenHost,
    lport: String(tunnel.listenPort),
    rhost: tunnel.targetHost,
    rport: String(tunnel.targetPort),
    id: tunnel.id,
  }))
  return {
    id: client.id,
    name: client.name,
    os: client.os,
    hostname: client.hostname,
    ipv4: [...(client.ipv4 ?? [])],
    ipv6: [...(client.ipv6 ?? [])],
    tags: [...(client.tags ?? [])],
    version: client.version,
    address: client.address,
    tunnels: tunnelViews,
    remotes: tunnelViews.map(({ id: _id, ...remote }) => remote),
  }
}
