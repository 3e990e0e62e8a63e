import { tunnels } from '@rport/api'
import { type Actor, type RouteSet, routes } from '../../http/index.ts'
import type { TunnelPolicy } from '../users/index.ts'
import { readForce, toTunnelRequest } from './tunnel-query.ts'
import type { TunnelService } from './tunnel-service.ts'
import { toClientTunnelView, toTunnelView } from './tunnel-view.ts'

export interface TunnelRoutesDeps {
  readonly service: TunnelService
  /** Which clients an actor may see; asked once per list. */
  readonly visibleTo: (actor: Actor) => Promise<(clientId: string) => boolean>
  /** What user groups say about single tunnels. */
  readonly policy: TunnelPolicy
  /** Whether the configuration has what tunnels with `http_proxy` need. */
  readonly isProxyConfigured: boolean
}

/** The operations of packages/api/src/tunnels.ts. */
export const tunnelRoutes = ({ service, visibleTo, policy, isProxyConfigured }: TunnelRoutesDeps): RouteSet =>
  routes(tunnels, {
    async list({ actor }) {
      const isVisible = await visibleTo(actor)
      return service
        .list()
        .filter((tunnel) => isVisible(tunnel.clientId))
        .map(toClientTunnelView)
    },
    create: {
      async look({ actor, params, query, audit }) {
        // compat: a client that is away is reported before anything that is wrong with the query
        service.requireConnected(params.client_id)
        const request = toTunnelRequest(query, { isProxyConfigured })
        await policy.requireOpen(actor, request.remote)
        const open = await service.prepare(actor.username, params.client_id, request)
        return async () => {
          const tunnel = await open((opened) => {
            const view = toTunnelView(opened)
            const { id: _id, created_at: _createdAt, ...asked } = view
            audit.note({ request: asked })
            return audit.row(view)
          })
          return toTunnelView(tunnel)
        }
      },
    },
    async delete({ actor, params, query, audit }) {
      const force = readForce(query.force)
      audit.note({ request: { force } })
      await policy.requireOwn(actor, service.get(params.client_id, params.tunnel_id))
      await service.delete(params.client_id, params.tunnel_id, { force }, audit.row(undefined))
    },
    async changeAcl({ actor, params, body, audit }) {
      const tunnel = service.get(params.client_id, params.tunnel_id)
      await policy.requireOwn(actor, tunnel)
      await policy.requireOpen(actor, { ...tunnel, acl: body.acl })
      await service.changeAcl(params.client_id, params.tunnel_id, body.acl, audit.row(undefined))
    },
  })
