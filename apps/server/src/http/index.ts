/**
 * The REST API's door: binds declared operations to handlers, judges every request, writes every reply. Owns Fastify.
 * Not for rules of the product: those live in features, which are called from here through `routes`.
 * Start at routes.ts (how a feature plugs in) and answer.ts (what happens to a request).
 */
export type { AccessLine } from './access-log.ts'
export type { Actor, Origin, Peer } from './actor.ts'
export { createHttpApp, type HttpApp } from './app.ts'
export {
  type AuditDetails,
  type AuditedCall,
  type AuditNotes,
  type AuditRecord,
  type AuditTrail,
  type RefusedCall,
  silentTrail,
} from './audited.ts'
export type { AccessPolicy, Authenticator, AuthOutcome } from './doors.ts'
export { createFiles } from './files.ts'
export type { HttpTls } from './http-server.ts'
export { openApiRoutes } from './open-api-routes.ts'
export type { Page } from './pages.ts'
export { handlerOf, type RouteSet, routes } from './routes.ts'
