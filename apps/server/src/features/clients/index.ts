/**
 * Clients: the managed machines as server and API know them, from registration to being forgotten, and who may see them.
 * Not for credentials of agents (clients-auth), groups of clients, or what is done on a client (tunnels, commands).
 * Start at client-registration.ts (who may come in), then client-service.ts (a client's life) and client-registry.ts.
 */
import type { Clock, Logger } from '@rport/kit'
import type { Connections } from '../../agents/connections.ts'
import type { Database } from '../../db/index.ts'
import type { Actor, RouteSet } from '../../http/index.ts'
import type { ClientTunnels } from '../tunnels/index.ts'
import type { Visibility } from './client-access.ts'
import { createClientAttributes } from './client-attributes.ts'
import { clientOwnershipRoutes } from './client-ownership-routes.ts'
import type { AgentSession, ForeignId, RegistrationRules } from './client-registration.ts'
import { type ClientRegistry, createClientRegistry } from './client-registry.ts'
import { type AnswerClient, createClientRequests } from './client-requests.ts'
import { clientRoutes } from './client-routes.ts'
import { type ClientService, createClientService, type PurgeRules } from './client-service.ts'
import { createClientStore } from './client-store.ts'
import type { GroupIdsOf } from './client-view.ts'
import { createTakeovers } from './takeovers.ts'

export { type Client, toClient } from './client.ts'
export { createVisibility, type Visibility } from './client-access.ts'
export type { AgentSession, ForeignId, RegistrationRules } from './client-registration.ts'
export type { ClientRegistry } from './client-registry.ts'
export type { AnswerClient } from './client-requests.ts'
export type { ClientService, PurgeRules, Registration } from './client-service.ts'

/** The clients of a database, empty until `start`. Tunnels and access rules stand on it, so it comes first. */
export const createClientBook = ({ db, clock, log }: { db: Database; clock: Clock; log: Logger }): ClientRegistry =>
  createClientRegistry({ store: createClientStore({ db, log }), clock, log })

export interface ClientsDeps {
  readonly registry: ClientRegistry
  readonly connections: Connections
  readonly tunnels: ClientTunnels
  readonly credentialExists: (clientAuthId: string) => boolean | Promise<boolean>
  readonly visibilityOf: (actor: Actor) => Promise<Visibility>
  readonly groupIdsOf: GroupIdsOf
  readonly requireUserGroups: (names: readonly string[]) => Promise<void>
  readonly rules: RegistrationRules
  readonly purge: PurgeRules
  readonly onForeignId: (attempt: ForeignId) => void
  readonly clock: Clock
  readonly log: Logger
}

/** The feature, ready to be wired: to the listener of agents, and to the API. */
export interface Clients {
  readonly service: ClientService
  /** Answers what registered agents ask. */
  readonly onRequest: AnswerClient
  /** Tells a client that has come, and was answered, what was decided while it was away. Never rejects. */
  readonly deliverAttributes: (session: AgentSession) => Promise<void>
  readonly routes: RouteSet
}

/** Builds the feature on a registry that was, or will be, started. */
export function createClients(deps: ClientsDeps): Clients {
  const service = createClientService({ ...deps, takeovers: createTakeovers(deps) })
  const attributes = createClientAttributes({ ...deps, service })
  return {
    service,
    onRequest: createClientRequests({ ...deps, service }),
    deliverAttributes: attributes.deliver,
    routes: [...clientRoutes({ ...deps, service }), ...clientOwnershipRoutes({ ...deps, attributes })],
  }
}
