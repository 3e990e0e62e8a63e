/**
 * Tunnels: listeners on the server that lead through a client to a target, opened on demand or standing with the agent.
 * Not for templates of tunnels that people keep (stored tunnels), nor for how bytes travel (packages/transport).
 * Start at tunnel-service.ts (the rules), then tunnel-opening.ts (how a port is found). A visitor's way is in visitors/.
 */
import type { Clock, Logger } from '@rport/kit'
import type { RemoteRecord } from '@rport/protocol'
import type { Connections } from '../../agents/connections.ts'
import type { Actor, RouteSet } from '../../http/index.ts'
import type { OpenTunnelListener } from '../../visitors/index.ts'
import type { TunnelPolicy } from '../users/index.ts'
import { createOpenTunnels } from './open-tunnels.ts'
import { createPortPool, type PortPolicy } from './port-pool.ts'
import type { Tunnel, TunnelEnd } from './tunnel.ts'
import { createTunnelRestore, type TunnelRestore } from './tunnel-restore.ts'
import { tunnelRoutes } from './tunnel-routes.ts'
import { createTunnelService, forgetExpired, type TunnelMemory, type TunnelService } from './tunnel-service.ts'

export type { PortPolicy } from './port-pool.ts'
export type { Tunnel, TunnelEnd } from './tunnel.ts'
export type { Returning, TunnelRestore } from './tunnel-restore.ts'
export type { OpenPrepared, TunnelMemory, TunnelRequest, TunnelService } from './tunnel-service.ts'
export { toTunnelView } from './tunnel-view.ts'

export interface TunnelsDeps {
  readonly connections: Pick<Connections, 'find'>
  /** Keeps the list of each client, so that it comes back with it. */
  readonly memory: TunnelMemory
  readonly ports: PortPolicy
  /** `check_port_timeout`, in milliseconds. */
  readonly checkPortTimeoutMs: number
  /** Whether the configuration has what tunnels with `http_proxy` need. */
  readonly isProxyConfigured: boolean
  readonly visibleTo: (actor: Actor) => Promise<(clientId: string) => boolean>
  /** What user groups say about single tunnels. */
  readonly policy: TunnelPolicy
  /** Whether the rules of a credential let its clients have this tunnel. */
  readonly allowedByCredential: (clientAuthId: string, remote: RemoteRecord) => boolean | Promise<boolean>
  /** Listens where the connection of the agent is. */
  readonly openListener: OpenTunnelListener
  readonly clock: Clock
  readonly log: Logger
  /** 0 ≤ random() < 1; where the search for a random port begins. */
  readonly random?: () => number
}

/** What registering and leaving clients mean for their tunnels. */
export interface ClientTunnels extends TunnelRestore {
  /** Ends all tunnels of a client and frees their ports; what is remembered of them stays. */
  close(clientId: string, reason: TunnelEnd): Promise<void>
  /** The client was deleted. */
  forget(clientId: string): void
}

/** The feature, ready to be wired. */
export interface Tunnels {
  readonly service: TunnelService
  readonly ofClients: ClientTunnels
  readonly routes: RouteSet
  /** Tunnels of the user `from` are those of `to` from now on; '' = of nobody: the user was renamed or deleted. */
  passOn(from: string, to: string): Promise<void>
  /** How many are open, and how many visitors they have. */
  counts(): { readonly open: number; readonly visitors: number }
  /** Closes every tunnel: the end of the program. */
  close(): Promise<void>
}

/** Builds the feature; nothing listens yet. */
export function createTunnels(deps: TunnelsDeps): Tunnels {
  const { connections, memory, allowedByCredential, openListener, clock, log } = deps
  const ports = createPortPool(deps.ports, deps.random)
  const open = createOpenTunnels({
    ports,
    openListener,
    allowedByCredential,
    clock,
    log,
    onExpired: (tunnel: Tunnel) => forgetTunnel(tunnel),
  })
  const service = createTunnelService({ ...deps, open })
  const forgetTunnel = forgetExpired({ open, memory, connections, log })
  return {
    service,
    ofClients: {
      ...createTunnelRestore({ open, ports, clock, log }),
      close: open.endAll,
      forget: open.forget,
    },
    routes: tunnelRoutes({ ...deps, service }),
    async passOn(from, to) {
      open.passOn(from, to)
      await memory.passOnTunnels(from, to)
    },
    counts() {
      const tunnels = open.list()
      return { open: tunnels.length, visitors: tunnels.reduce((sum, tunnel) => sum + open.openConnections(tunnel), 0) }
    },
    async close() {
      await Promise.all(open.list().map((tunnel) => open.end(tunnel, 'shutdown')))
    },
  }
}
