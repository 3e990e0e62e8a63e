/**
 * Client groups: clients that are alike in some way, found by parameters with wildcards whenever somebody asks, and the
 * user groups that may use them.
 * Not for groups of people (features/users) nor for access to single clients (features/clients).
 * Start at client-group.ts (what a group is), then group-matcher.ts and client-group-book.ts.
 */
import type { Logger } from '@rport/kit'
import type { Database } from '../../db/index.ts'
import type { ClientRegistry } from '../clients/index.ts'
import { type ClientGroupBook, createBook } from './client-group-book.ts'
import { createClientGroupStore } from './client-group-store.ts'

export type { ClientGroup } from './client-group.ts'
export type { ClientGroupBook } from './client-group-book.ts'
export { type ClientGroupRoutesDeps, clientGroupRoutes } from './client-group-routes.ts'

/** The groups of a database, none until `start`. Access rules stand on it, so it comes before them. */
export const createClientGroupBook = (deps: {
  readonly db: Database
  readonly registry: Pick<ClientRegistry, 'find' | 'list'>
  readonly log: Logger
}): ClientGroupBook => createBook({ ...deps, store: createClientGroupStore(deps) })
