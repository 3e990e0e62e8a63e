import type { IncomingMessage, ServerResponse } from 'node:http'
import { ADMINISTRATORS, API_PREFIX } from '@rport/api'
import { type Clock, type Logger, networkContains, parseIp, parseIpNetwork } from '@rport/kit'
import { type AccessPolicy, type AuditTrail, type Authenticator, createHttpApp } from '../../http/index.ts'
import type { ClientRegistry } from '../clients/index.ts'
import { type LegacySessionDeps, legacySessionRoutes } from './legacy-session-routes.ts'

export interface LocalDoorDeps extends Omit<LegacySessionDeps, 'visibilityOf'> {
  readonly registry: Pick<ClientRegistry, 'find' | 'sortedIds'>
  /** What is done here is written down like everything else. */
  readonly audit: AuditTrail
  readonly maxRequestBytes: number
  readonly clock: Clock
  readonly log: Logger
}

/** The first release's API without login, on a port that is not its own, for programs on this machine. */
export interface LocalDoor {
  /** Answers a request, or leaves it alone: @returns whether it was one for this door, from this machine */
  answer(request: IncomingMessage, response: ServerResponse): boolean
  close(): Promise<void>
}

/** Who opens tunnels here, as the log and the tunnels say it. */
const LOCAL_USER = 'legacy-api'
const LOOPBACK = ['127.0.0.0/8', '::1'].flatMap((text) => parseIpNetwork(text) ?? [])

/**
 * What a proxy adds, and a browser. A proxy on this machine lets the whole world look local, and so does a web page that a
 * person on this machine looks at: neither is a program on this machine.
 */
const FOREIGN_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'origin',
  'referer',
  'sec-fetch-site',
] as const

/** Listens to nothing: whoever owns the port hands requests in. */
export function createLocalDoor(deps: LocalDoorDeps): LocalDoor {
  const app = createHttpApp({
    config: { maxRequestBytes: deps.maxRequestBytes, tls: undefined, cors: { origins: [], answersPreflight: false } },
    routes: [legacySessionRoutes({ ...deps, visibilityOf: async () => ({ all: true, sees: () => true }) })],
    authenticator: localUser,
    accessPolicy: allAccess(deps.registry),
    // Nothing is guessed where nothing is asked.
    bans: { isBanned: () => false, failed: () => undefined },
    trustedProxies: [],
    audit: deps.audit,
    clock: deps.clock,
    log: deps.log,
  })
  return {
    answer(request, response) {
      const path = (request.url ?? '').split('?')[0] ?? ''
      const root = `${API_PREFIX}/sessions`
      if (path !== root && !path.startsWith(`${root}/`)) return false
      if (!isFromHere(request)) return false
      app.serve(request, response)
      return true
    },
    close: () => app.close(),
  }
}

/** The socket's own other end, whatever headers say; and the name that was asked for is this machine's, too. */
export function isFromHere(request: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
  if (FOREIGN_HEADERS.some((name) => request.headers[name] !== undefined)) return false
  // A name that somebody points at 127.0.0.1 makes a browser call us: only names that cannot be pointed elsewhere count.
  const host = (request.headers.host ?? '').replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1')
  return isLoopback(request.socket.remoteAddress ?? '') && (host.toLowerCase() === 'localhost' || isLoopback(host))
}

function isLoopback(text: string): boolean {
  const address = parseIp(text)
  return address !== undefined && LOOPBACK.some((network) => networkContains(network, address))
}

const actorAt = (address: string) => ({
  kind: 'actor' as const,
  actor: { username: LOCAL_USER, groups: [ADMINISTRATORS], proof: 'password' as const, address },
})
/** Everybody who comes here is the same user, with credentials or without. */
const localUser: Authenticator = {
  basic: async (_name, _password, { origin }) => actorAt(origin.address),
  bearer: async (_token, { origin }) => actorAt(origin.address),
  anonymous: async ({ origin }) => actorAt(origin.address),
}

const allAccess = (registry: Pick<ClientRegistry, 'find'>): AccessPolicy => ({
  permission: () => true,
  isAdmin: () => true,
  clientAccess: (_actor, clientId) => (registry.find(clientId) ? 'allowed' : 'unknown'),
})
