/**
 * Personal API tokens: what programs of a user send as the password of HTTP Basic, each with a scope and an expiry.
 * Not for bearer tokens of logins (features/login) nor for passwords.
 * Start at token-service.ts, then token-text.ts (what a token looks like) and token-scope.ts.
 */
import type { Clock, Logger } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import type { Actor, RouteSet } from '../../http/index.ts'
import { tokenRoutes } from './token-routes.ts'
import { createTokenService, type TokenService } from './token-service.ts'
import { createTokenStore } from './token-store.ts'

export type { TokenService } from './token-service.ts'

export interface Tokens {
  readonly service: TokenService
  readonly routes: RouteSet
}

/** Builds the feature on a database that its caller owns. */
export function createTokens(deps: {
  readonly db: Database
  readonly isAdmin: (actor: Actor) => boolean | Promise<boolean>
  readonly clock: Clock
  readonly log: Logger
}): Tokens {
  const service = createTokenService({ ...deps, store: createTokenStore(deps.db) })
  return { service, routes: tokenRoutes(service) }
}
