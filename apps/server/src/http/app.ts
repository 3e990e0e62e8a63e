import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { API_PREFIX, plainError } from '@rport/api'
import type { Clock, IpNetwork, Logger } from '@rport/kit'
import Fastify, {
  type FastifyReply,
  type FastifyRequest,
  type InjectOptions,
  type LightMyRequestResponse,
} from 'fastify'
import { createNewcomers, type ListenPurpose, listenFault } from '../sockets/index.ts'
import { type AccessLine, createAccessLog } from './access-log.ts'
import { createAnswer } from './answer.ts'
import type { AuditTrail } from './audited.ts'
import { type CorsConfig, preflightHeaders, varyOf } from './cors.ts'
import type { AccessPolicy, Authenticator, Bans } from './doors.ts'
import type { Files } from './files.ts'
import { createHttpServer, endBadConnection, type HttpTls } from './http-server.ts'
import { defaultLimits, type HttpLimits } from './limits.ts'
import { answerPage, type Page } from './pages.ts'
import { judgePath } from './request-path.ts'
import type { RouteSet } from './routes.ts'
import { SECURITY_HEADERS, sendPlain } from './send.ts'

/** Longer path parameters than headers can carry: the header limit is the limit. */
const MAX_PARAM_LENGTH = 1_000_000

/** Seconds after which callers may ask again: about as long as a restart takes. */
const RETRY_AFTER_S = '5'

/** Settings of the API's door. */
export interface HttpConfig {
  /** `[api] max_request_bytes` */
  readonly maxRequestBytes: number
  readonly cors: CorsConfig
  /** HTTPS; absent: plain HTTP. */
  readonly tls?: HttpTls | undefined
  /** For tests: a reply or an error that its endpoint does not declare becomes a 500. */
  readonly strictContract?: boolean
  readonly limits?: Partial<HttpLimits>
}

/** What the app is built from. */
export interface HttpAppDeps {
  readonly config: HttpConfig
  readonly routes: readonly RouteSet[]
  readonly authenticator: Authenticator
  readonly accessPolicy: AccessPolicy
  readonly bans: Bans
  readonly audit: AuditTrail
  /** Proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly IpNetwork[]
  readonly log: Logger
  readonly clock: Clock
  readonly newRequestId?: () => string
  /** Takes a line for each request in Apache's combined format; absent: none is written. */
  readonly accessLine?: AccessLine | undefined
  /** Web pages beside the API; absent: none. */
  readonly files?: Files | undefined
  /** Pages beside the API, for programs that watch the server. */
  readonly pages?: readonly Page[]
  /** Told of each answered request: method, status, milliseconds. Never throws. */
  readonly onAnswered?: (method: string, status: number, durationMs: number) => void
}

/** The REST API, listening or not. */
export interface HttpApp {
  /**
   * Starts to listen; port 0 picks a free one.
   * @throws StartError when the address cannot be had; it names the address and the setting of `purpose`
   */
  start(address: { host: string; port: number }, purpose?: ListenPurpose): Promise<{ host: string; port: number }>
  /** Stops to listen, lets running requests end, cuts those that do not. Idempotent, also before or after a failed start. */
  close(): Promise<void>
  /** Answers a request that arrived on somebody else's port. */
  serve(request: IncomingMessage, response: ServerResponse): void
  /** Passes a request through everything but the socket; for tests. */
  inject(request: InjectOptions): Promise<LightMyRequestResponse>
}

/** Builds the REST API out of the features' routes. Does no I/O until `start`. */
export function createHttpApp(deps: HttpAppDeps): HttpApp {
  const { config, clock } = deps
  const limits = { ...defaultLimits, ...config.limits }
  const { accessLine: write, trustedProxies } = deps
  const accessLog = write && createAccessLog({ write, trustedProxies, clock })
  const newcomers = createNewcomers({
    maxPerAddress: limits.maxUnknownPerAddress,
    trustedProxies,
    clock,
    log: deps.log.child({ area: 'api' }),
  })
  const answer = createAnswer({
    ...deps,
    onKnown: newcomers.known,
    config: { ...config, limits, strictContract: config.strictContract ?? false },
    newRequestId: deps.newRequestId ?? randomUUID,
    sentBy: accessLog?.sentBy,
  })
  let server: Server | undefined
  const fastify = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { caseSensitive: true, maxParamLength: MAX_PARAM_LENGTH, querystringParser: () => ({}) },
    serverFactory: (listener) => {
      server = createHttpServer(listener, {
        maxRequestBytes: config.maxRequestBytes,
        limits,
        tls: config.tls,
        admits: newcomers.arrived,
      })
      return server
    },
    clientErrorHandler: endBadConnection,
    // The router itself complains about nothing but paths that cannot be decoded.
    frameworkErrors: (_error, request, reply) => {
      // No hook runs for them.
      reply.raw.once('finish', () => accessLog?.answered(request, reply))
      return sendPlain(reply.headers(SECURITY_HEADERS), plainError('malformed_path'))
    },
  })
  // Bodies are ours to read: at their point in the order of steps, whatever their content type.
  for (const method of ['POST', 'PUT', 'DELETE']) {
    fastify.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  }
  let isClosing = false
  fastify.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    if (isClosing) {
      const headers = { connection: 'close', 'retry-after': RETRY_AFTER_S }
      await sendPlain(reply.headers(headers), plainError('server_stopping'))
      return undefined
    }
    const verdict = judgePath(request.url)
    if (verdict.kind === 'redirect') return reply.code(301).header('location', verdict.location).send()
    if (verdict.kind === 'malformed') await sendPlain(reply, plainError('malformed_path'))
    // The router lets a parameter be empty; the original does not.
    const isNameless = Object.values(request.params as Readonly<Record<string, string>>).includes('')
    if (verdict.kind === 'unroutable' || (isNameless && !request.is404))
      await answerUnknown(config.cors, undefined, request, reply)
    return undefined
  })
  // A request that had begun before is answered; its connection is of no more use and would be waited for.
  fastify.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
  if (accessLog) fastify.addHook('onResponse', async (request, reply) => accessLog.answered(request, reply))
  const { onAnswered } = deps
  if (onAnswered) {
    fastify.addHook('onResponse', async (request, reply) =>
      onAnswered(request.method, reply.statusCode, reply.elapsedTime),
    )
  }
  fastify.setNotFoundHandler((request, reply) => answerUnknown(config.cors, deps.files, request, reply))
  for (const route of deps.routes.flat()) {
    fastify.route({
      method: route.spec.method,
      url: `${API_PREFIX}${route.spec.path.replace(/\{(\w+)\}/g, ':$1')}`,
      handler: (request, reply) => answer(route, request, reply),
    })
  }
  for (const page of deps.pages ?? []) {
    fastify.route({
      method: ['GET', 'HEAD'],
      url: page.path,
      handler: (request, reply) => answerPage(deps, page, request, reply),
    })
  }

  return {
    async start({ host, port }, purpose = { whom: 'the API', setting: '[api] address' }) {
      try {
        await fastify.listen({ host, port })
      } catch (error) {
        throw listenFault(purpose, { host, port }, error)
      }
      const [bound] = fastify.addresses()
      return typeof bound === 'object' ? { host: bound.address, port: bound.port } : { host, port }
    },
    async close() {
      isClosing = true
      const cut = clock.setTimeout(() => server?.closeAllConnections(), limits.closeTimeoutMs)
      try {
        await fastify.close()
      } finally {
        cut.cancel()
      }
    },
    serve(request, response) {
      // A start that fails is a mistake in the routes: nothing can be answered then.
      fastify.ready().then(
        () => fastify.routing(request, response),
        () => response.destroy(),
      )
    },
    inject: (request) => fastify.inject(request),
  }
}

async function answerUnknown(
  cors: CorsConfig,
  files: Files | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const method = [request.headers['access-control-request-method']].flat()[0]
  if (request.method === 'OPTIONS' && method !== undefined && cors.answersPreflight && cors.origins.length > 0) {
    const headers = [request.headers['access-control-request-headers']].flat()[0]
    return reply
      .code(204)
      .headers(preflightHeaders(cors, { origin: request.headers.origin, method, headers }))
      .send()
  }
  const isFile = (request.method === 'GET' || request.method === 'HEAD') && !request.url.startsWith(`${API_PREFIX}/`)
  // compat: of files, too.
  void reply.header('vary', varyOf(cors))
  if (files && isFile && (await files.answer(request, reply))) return reply
  await sendPlain(reply, plainError('page_not_found'))
  return reply
}
