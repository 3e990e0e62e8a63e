/**
 * The REST API's door: binds declared operations to handlers, judges every request, writes every reply. Owns Fastify.
 * Not for rules of the product: those live in features, which are called from here through `routes`.
 * Start at routes.ts (how a feature plugs in) and app.ts (what happens to a request).
 */
export type { Actor, Credentials, Origin } from './actor.ts'
export { createHttpApp, type HttpApp, type HttpAppDeps, type HttpConfig } from './app.ts'
export type { CorsConfig } from './cors.ts'
export type { AccessPolicy, Attempt, Authenticator, AuthOutcome, Bans, ClientAccess } from './doors.ts'
export type { HttpLimits } from './limits.ts'
export { openApiRoutes } from './open-api-routes.ts'
export { type BoundRoute, type Handler, type HandlerInput, type Handlers, type RouteSet, routes } from './routes.ts'
