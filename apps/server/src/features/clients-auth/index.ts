/**
 * What agents log in with: one directory over four places where credentials may be kept, its API, and the end of those
 * that were removed. Not for the agents themselves (features/clients) nor for how often they may try (features/login, lockout).
 * Start at client-auth-directory.ts, then client-auth-service.ts.
 */
import type { Clock, Logger } from '@rport/kit'
import type { Connections } from '../../agents/connections.ts'
import type { RouteSet } from '../../http/index.ts'
import type { ClientAuthDirectory } from './client-auth-directory.ts'
import { clientAuthRoutes } from './client-auth-routes.ts'
import { type BoundClients, createClientAuthService } from './client-auth-service.ts'
import { createRemovedCredentials, type RemovedCredentials } from './removed-credentials.ts'

export type { ClientAuthDirectory, TunnelEnds } from './client-auth-directory.ts'
export { type FileClientAuthsOptions, openFileClientAuths } from './client-auth-file.ts'
export type { BoundClients } from './client-auth-service.ts'
export { createStaticClientAuth } from './client-auth-static.ts'
export {
  createEmbeddedClientAuths,
  type EmbeddedClientAuths,
  type EmbeddedClientAuthsOptions,
} from './client-auth-store-embedded.ts'
export { openTableClientAuths, type TableClientAuthsOptions } from './client-auth-store-table.ts'
export { allowAnonymous } from './no-credentials.ts'

export interface ClientsAuthDeps {
  readonly directory: ClientAuthDirectory
  readonly connections: Pick<Connections, 'list'>
  readonly clients: BoundClients
  readonly clock: Clock
  readonly log: Logger
}

/** The feature, ready to be wired. */
export interface ClientsAuth {
  readonly routes: RouteSet
  /** Judges a login of an agent. @throws LimiterFull, DatabaseError: no verdict */
  verify(id: string, password: string): Promise<boolean>
  start(): void
  stop(): void
}

/** Builds the feature on the directory that the configuration names; nothing is watched before `start`. */
export function createClientsAuth(deps: ClientsAuthDeps): ClientsAuth {
  const { directory, clients, log } = deps
  const removed: RemovedCredentials = createRemovedCredentials(deps)
  const service = createClientAuthService({ directory, clients, endRemoved: removed.look, log })
  return {
    routes: clientAuthRoutes(service),
    async verify(id, password) {
      const isRight = await directory.verify(id, password)
      if (!isRight && id === '') log.warn({}, NO_CREDENTIALS)
      // A credential that fails while it is in use may have been removed: no need to wait for the next look.
      if (!isRight && id !== '' && clients.idsOf(id).size > 0) void removed.look()
      return isRight
    },
    start: removed.start,
    stop: removed.stop,
  }
}

const NO_CREDENTIALS =
  'an agent without credentials was refused: start it with --auth ID:PASSWORD, or let everybody in with --insecure-no-auth on the server'
