import type { Socket } from 'node:net'
import {
  API_PREFIX,
  ApiError,
  apiError,
  type EndpointSpec,
  PlainError,
  parseListQuery,
  parseQueryString,
  plainError,
  type QueryValues,
  readQuery,
  requestDataError,
} from '@rport/api'
import {
  type Clock,
  callerAddress,
  type IpNetwork,
  type Logger,
  networkContains,
  parseIp,
  toError,
  withDeadline,
} from '@rport/kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { DatabaseError } from '../db/index.ts'
import type { AccessLog } from './access-log.ts'
import type { Actor, Credentials, Origin, Peer } from './actor.ts'
import { type AuditNotes, type AuditTrail, audited, type RefusedCall } from './audited.ts'
import { authenticate } from './authenticate.ts'
import { authorize } from './authorize.ts'
import { CallerGone, goneSignal } from './caller-gone.ts'
import { type CorsConfig, corsHeaders, varyOf } from './cors.ts'
import { parseAuthorization } from './credentials.ts'
import type { AccessPolicy, Authenticator, Bans } from './doors.ts'
import type { HttpLimits } from './limits.ts'
import { maskedUrl } from './masked-url.ts'
import { readBody } from './read-body.ts'
import { canDrain } from './read-request-body.ts'
import { checkError, checkReply } from './reply-body.ts'
import type { BoundRoute, HandlerInput } from './routes.ts'
import { sendError, sendReply } from './send.ts'

/** What answering a request takes. */
export interface AnswerDeps {
  readonly config: AnswerConfig
  readonly authenticator: Authenticator
  readonly accessPolicy: AccessPolicy
  readonly bans: Bans
  readonly audit: AuditTrail
  readonly trustedProxies: readonly IpNetwork[]
  readonly log: Logger
  readonly clock: Clock
  readonly newRequestId: () => string
  /** Told who sent a request, for the access log. */
  readonly sentBy: AccessLog['sentBy'] | undefined
  /** Told of a socket whose other end has logged in. */
  readonly onKnown: (socket: Socket) => void
}

interface AnswerConfig {
  /** Of a body; headers may be a little larger. */
  readonly maxRequestBytes: number
  readonly cors: CorsConfig
  /** For tests: a reply or an error that the endpoint does not declare becomes a 500. */
  readonly strictContract: boolean
  readonly limits: HttpLimits
}

/** A request on its way through the steps. */
interface Exchange {
  readonly spec: EndpointSpec
  readonly request: FastifyRequest
  readonly params: Readonly<Record<string, string>>
  readonly origin: Origin
  readonly credentials: Credentials
  readonly gone: AbortSignal
}

/**
 * Answers requests to bound routes. The order of the steps is the original's and can be seen from outside: ban,
 * credentials, client, permission, group, query, body, handler.
 */
export function createAnswer(deps: AnswerDeps) {
  const { config, clock, log } = deps
  let active = 0

  return async (route: BoundRoute, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const startedMs = clock.monotonic()
    const exchange = exchangeOf(route.spec, request, reply, deps.trustedProxies)
    let actor: Actor | undefined
    let isAdmitted = false
    reply.header('vary', varyOf(config.cors)).headers(corsHeaders(config.cors, request.headers.origin))
    active += 1
    try {
      if (active > config.limits.maxActiveRequests) throw apiError('too_many_requests_at_once')
      actor = await identify(deps, exchange)
      if (actor) deps.onKnown(request.raw.socket)
      if (actor) deps.sentBy?.(request.raw, actor.username)
      if (actor) await authorize(deps.accessPolicy, route.spec, actor, exchange.params)
      isAdmitted = true
      const value = await handle(deps, route, exchange, actor)
      if (config.strictContract) checkReply(route.spec, value)
      closeUnlessDrained(config, request, reply)
      await sendReply(reply, route.spec.reply, value)
    } catch (error) {
      const expected = toExpected(deps, exchange, error)
      const isStuck = expected instanceof ApiError && expected.key === 'body_timeout'
      if (isStuck) reply.header('connection', 'close')
      // What a handler refuses was announced to the audit log and is told there.
      if (!isAdmitted) await deps.audit.refused(refusedCall(exchange, actor), expected)
      closeUnlessDrained(config, request, reply)
      await sendError(reply, expected)
    } finally {
      active -= 1
      const durationMs = Math.round(clock.monotonic() - startedMs)
      const { address } = exchange.origin
      log.debug(
        {
          method: request.method,
          url: maskedUrl(request.url),
          status: reply.statusCode,
          durationMs,
          address,
          username: actor?.username,
        },
        'request answered',
      )
    }
    return reply
  }
}

function exchangeOf(
  spec: EndpointSpec,
  request: FastifyRequest,
  reply: FastifyReply,
  trusted: readonly IpNetwork[],
): Exchange {
  const forwarded = request.headers['x-forwarded-for']
  const forwardedFor = Array.isArray(forwarded) ? forwarded.join(',') : forwarded
  return {
    spec,
    request,
    // Fastify's router fills them from the path: texts, one for each name.
    params: request.params as Readonly<Record<string, string>>,
    origin: {
      address: callerAddress(request.raw.socket.remoteAddress ?? '', forwardedFor, trusted),
      userAgent: request.headers['user-agent'] ?? '',
    },
    credentials: parseAuthorization(request.headers.authorization),
    gone: goneSignal(reply.raw),
  }
}

/** Of node's flat list of names and values. */
const valuesOf = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name.toLowerCase())

function peerOf(request: FastifyRequest, trusted: readonly IpNetwork[]): Peer {
  const address = request.raw.socket.remoteAddress ?? ''
  const ip = parseIp(address)
  return { address, isTrustedProxy: ip !== undefined && trusted.some((network) => networkContains(network, ip)) }
}

/** Who asks: not banned, credentials fine. */
async function identify(deps: AnswerDeps, exchange: Exchange): Promise<Actor | undefined> {
  const { spec, request, origin } = exchange
  if (deps.bans.isBanned(origin.address)) throw plainError('banned')
  if (spec.auth !== 'user' && spec.auth !== 'pending') return undefined
  const path = request.url.split('?', 1)[0] ?? ''
  // A login that is half done goes on with its token, and with nothing else.
  const isOther = spec.auth === 'pending' && exchange.credentials.kind !== 'bearer'
  const credentials: Credentials = isOther ? { kind: 'none' } : exchange.credentials
  return authenticate(deps.authenticator, credentials, { origin, method: request.method, path })
}

const claimedNameOf = ({ credentials }: Exchange, actor: Actor | undefined): string =>
  actor?.username ?? (credentials.kind === 'basic' ? credentials.name : '')

const refusedCall = (exchange: Exchange, actor: Actor | undefined): RefusedCall => {
  const { spec, origin, params } = exchange
  return { spec, actor, claimedName: claimedNameOf(exchange, actor), origin, params }
}

/** Reads what the endpoint declares and calls its handler. */
async function handle(deps: AnswerDeps, route: BoundRoute, exchange: Exchange, actor: Actor | undefined) {
  const { spec, request, origin, params, credentials, gone } = exchange
  const { maxRequestBytes: maxBytes, limits } = deps.config
  const rawQuery = readRawQuery(request.url, maxBytes)
  const query = spec.query ? readQuery(spec.query, rawQuery) : {}
  const list = spec.list && parseListQuery(spec.list, rawQuery)
  const body = await readCountedBody(deps, exchange, maxBytes)
  return withDeadline(
    (signal) => {
      const header = (name: string) => [request.headers[name]].flat()[0]
      const headerValues = (name: string) => valuesOf(request.raw.rawHeaders, name)
      const peer = peerOf(request, deps.trustedProxies)
      const asked = { actor, params, query, rawQuery, list, body, origin, credentials, signal }
      const input = { ...asked, header, headerValues, peer }
      const call = { spec, actor, claimedName: claimedNameOf(exchange, actor), origin, params, rawQuery, body }
      // `routes` has tied the handler's types to this very declaration.
      const withNotes = (audit: AuditNotes) => ({ ...input, audit }) as HandlerInput<EndpointSpec>
      const { look } = route
      return audited<unknown>(deps.audit, call, {
        run: (audit) => route.handle(withNotes(audit)),
        ...(look && { look: (audit) => look(withNotes(audit)) }),
      })
    },
    { timeoutMs: limits.handlerTimeoutMs, gone, clock: deps.clock, late: () => apiError('request_timeout') },
  )
}

function readRawQuery(url: string, maxBytes: number): QueryValues {
  const queryAt = url.indexOf('?')
  const query = parseQueryString(queryAt < 0 ? '' : url.slice(queryAt + 1))
  if (!query.ok) throw requestDataError(maxBytes, query.reason)
  return query.values
}

/** A log-in whose body cannot be read is a failed log-in, too. */
async function readCountedBody(
  { bans, clock, config }: AnswerDeps,
  { spec, request, origin }: Exchange,
  maxBytes: number,
) {
  try {
    return await readBody(spec, request.raw, { maxBytes, timeoutMs: config.limits.bodyTimeoutMs, clock })
  } catch (error) {
    if (spec.auth === 'login') bans.failed(origin.address)
    throw error
  }
}

/** A connection whose body nobody read can only be used again when little of it is left. */
function closeUnlessDrained(config: AnswerConfig, request: FastifyRequest, reply: FastifyReply): void {
  if (!canDrain(request.raw, config.maxRequestBytes)) reply.header('connection', 'close')
}

/**
 * Expected errors as they are; a database that cannot work is told as such; anything else is a bug: its stack goes to the log, the
 * caller gets a number.
 */
function toExpected(deps: AnswerDeps, { spec, request }: Exchange, thrown: unknown): ApiError | PlainError {
  let error = thrown
  if (error instanceof ApiError && deps.config.strictContract) error = checkError(spec, error) ?? error
  if (error instanceof ApiError || error instanceof PlainError) return error
  const requestId = deps.newRequestId()
  if (error instanceof CallerGone) deps.log.debug({ requestId }, 'caller hung up')
  else {
    const path = `${API_PREFIX}${spec.path}`
    deps.log.error({ requestId, method: request.method, path, error: toError(error) }, 'request failed')
  }
  // Its own message may hold a path: the caller is told what he can do.
  if (error instanceof DatabaseError) return apiError(error.failure === 'full' ? 'storage_full' : 'storage_unavailable')
  return apiError('internal', { requestId })
}
