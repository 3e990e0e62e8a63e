import type { BodyOf, EndpointSpec, ListOf, ParamsOf, QueryOf, QueryValues, ReplyOf, Resource } from '@rport/api'
import type { Actor, Credentials, Origin, Peer } from './actor.ts'
import type { AuditNotes } from './audited.ts'

/** What a handler is given. Everything in it has passed the checks that the endpoint declares. */
export interface HandlerInput<E extends EndpointSpec> {
  /** Who asks. Only endpoints with `auth: 'user'` or `'pending'` have an actor. */
  readonly actor: E['auth'] extends 'user' | 'pending' ? Actor : undefined
  readonly params: ParamsOf<E>
  readonly query: QueryOf<E>
  /** Every pair of the query as sent. */
  readonly rawQuery: QueryValues
  /** The list query, where the endpoint has a grammar. */
  readonly list: ListOf<E>
  readonly body: BodyOf<E>
  readonly origin: Origin
  /** Unjudged; for endpoints whose handler judges them (`auth: 'login'` and `'bearer'`). */
  readonly credentials: Credentials
  /** A request header by its lower-case name. */
  header(name: string): string | undefined
  /** Every value of a request header as sent, for headers that must not come twice. Letter case does not matter. */
  headerValues(name: string): readonly string[]
  readonly peer: Peer
  /** For what the audit log is to know beyond path and body; without effect where the endpoint has no `audit`. */
  readonly audit: AuditNotes
  /** Aborts when the caller hangs up or the request has taken too long. */
  readonly signal: AbortSignal
}

// biome-ignore lint/suspicious/noConfusingVoidType: the handler of an empty reply is a function without return
type HandlerResult<E extends EndpointSpec> = E['reply']['kind'] extends 'empty' ? void : ReplyOf<E>

/** Answers one operation: returns the reply's value or throws an `ApiError`. */
export type Handler<E extends EndpointSpec> = (input: HandlerInput<E>) => HandlerResult<E> | Promise<HandlerResult<E>>

/** A handler in two steps, for operations that ask somebody far away before they change anything. */
export interface TwoSteps<E extends EndpointSpec> {
  /** Changes nothing: it runs while the audit log is told what is about to be tried. @returns what does it */
  look(input: HandlerInput<E>): Promise<() => HandlerResult<E> | Promise<HandlerResult<E>>>
}

/** One handler for each operation of a resource. */
export type Handlers<R extends Resource> = {
  readonly [K in keyof R['endpoints']]: Handler<R['endpoints'][K]> | TwoSteps<R['endpoints'][K]>
}

/** An operation with its handler, as the app binds it; made by `routes`. */
export interface BoundRoute {
  readonly spec: EndpointSpec
  /** The handler's types are checked where `routes` is called; from there on only the app calls it. */
  readonly handle: (input: HandlerInput<EndpointSpec>) => unknown
  /** The first of two steps; `handle` does both. */
  readonly look?: (input: HandlerInput<EndpointSpec>) => Promise<() => unknown>
}

/** A resource with its handlers. */
export type RouteSet = readonly BoundRoute[]

/**
 * The handler that a set of routes has for an endpoint, for operations that are this one in other words.
 * @throws Error when the set has no such route: a mistake in the wiring
 */
export function handlerOf<const E extends EndpointSpec>(set: RouteSet, spec: E): Handler<E> {
  const route = set.find((candidate) => candidate.spec === spec)
  if (!route) throw new Error(`no handler for ${spec.method} ${spec.path}`)
  return route.handle as Handler<E>
}

/**
 * Joins a resource with its handlers; a missing handler and one too many do not compile.
 *
 * ```ts
 * // features/tunnels/tunnel-routes.ts
 * export const tunnelRoutes = (service: TunnelService): RouteSet =>
 *   routes(tunnels, {
 *     list: async ({ actor }) => (await service.list(actor)).map(toClientTunnelView),
 *     create: async ({ actor, params, query, signal }) =>
 *       toTunnelView(await service.open(actor, params.client_id, toTunnelSpec(query), signal)),
 *     delete: ({ actor, params, query }) => service.close(actor, params.client_id, params.tunnel_id, query.force),
 *     changeAcl: ({ actor, params, body }) => service.changeAcl(actor, params.client_id, params.tunnel_id, body.acl),
 *   })
 * // compose.ts
 * const app = createHttpApp({ ..., routes: [loginRoutes(login), tunnelRoutes(tunnels)] })
 * await app.start({ host: '127.0.0.1', port: 3000 })
 * // tunnel-routes.test.ts
 * const reply = await app.inject({ method: 'GET', url: '/api/v1/tunnels', headers: { authorization } })
 * ```
 */
export function routes<R extends Resource>(resource: R, handlers: Handlers<NoInfer<R>>): RouteSet {
  const byName: Readonly<Record<string, unknown>> = handlers
  return Object.entries(resource.endpoints).map(([name, spec]) => {
    const handler = byName[name] as BoundRoute['handle'] | { readonly look: NonNullable<BoundRoute['look']> }
    if (typeof handler === 'function') return { spec, handle: handler }
    const { look } = handler
    return { spec, look, handle: async (input) => (await look(input))() }
  })
}
