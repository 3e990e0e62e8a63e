import { apiError, type EndpointSpec, resource } from '@rport/api'
import { parseIpNetwork, systemClock } from '@rport/kit'
import { createMemoryLogger } from '@rport/kit/testing'
import type { Actor } from '../actor.ts'
import { createHttpApp, type HttpAppDeps } from '../app.ts'
import { silentTrail } from '../audited.ts'
import type { AccessPolicy, Attempt, Authenticator } from '../doors.ts'
import { type HandlerInput, type RouteSet, routes } from '../routes.ts'

const actorOf = (username: string, proof: Actor['proof'], { origin }: Attempt): Actor => ({
  username,
  groups: username === 'admin' ? ['Administrators'] : [],
  proof,
  address: origin.address,
})

/** Knows `admin` and `limited`, both with the password `secret`, and the bearer `good`. */
const authenticator: Authenticator = {
  async basic(name, password, attempt) {
    if (password !== 'secret') return { kind: 'refused', error: apiError('unauthorized') }
    return { kind: 'actor', actor: actorOf(name, 'password', attempt) }
  },
  async bearer(token, attempt) {
    if (token !== 'good') return { kind: 'refused', error: apiError('unauthorized') }
    return { kind: 'actor', actor: actorOf('admin', 'session', attempt) }
  },
  async anonymous() {
    return { kind: 'refused', error: apiError('unauthorized') }
  },
}

/** Clients `known` (for everybody) and `closed` (for nobody); permissions and groups for admin only. */
const accessPolicy: AccessPolicy = {
  permission: ({ username }) => username === 'admin',
  isAdmin: ({ username }) => username === 'admin',
  clientAccess: (_actor, clientId) => (clientId === 'known' ? 'allowed' : clientId === 'closed' ? 'denied' : 'unknown'),
}

/** A door that checks what it answers against the declarations. */
export const strictConfig: HttpAppDeps['config'] = {
  maxRequestBytes: 10_240,
  cors: { origins: [], answersPreflight: false },
  strictContract: true,
}

/** An app with stand-ins for everything behind its door. `banned` and `failures` may be looked at and changed. */
export function createTestApp(routeSets: readonly RouteSet[], overrides: Partial<HttpAppDeps> = {}) {
  const log = createMemoryLogger()
  const banned = new Set<string>()
  const failures: string[] = []
  const app = createHttpApp({
    config: { maxRequestBytes: 10_240, cors: { origins: ['https://ui.example.com'], answersPreflight: false } },
    routes: routeSets,
    authenticator,
    accessPolicy,
    audit: silentTrail,
    bans: { isBanned: (address) => banned.has(address), failed: (address) => void failures.push(address) },
    trustedProxies: ['127.0.0.0/8', '::1'].flatMap((text) => parseIpNetwork(text) ?? []),
    log,
    clock: systemClock,
    newRequestId: () => 'r-1',
    ...overrides,
  })
  return { app, log, banned, failures }
}

/** The routes of one endpoint. */
export const oneRoute = <const S extends EndpointSpec>(
  spec: S,
  handle: (input: HandlerInput<S>) => unknown,
): RouteSet =>
  routes(resource('Test', { only: spec }), {
    // The test says what its handler returns; that it fits the declaration is what strictContract is for.
    only: handle as never,
  })

/** An Authorization header. */
export const basic = (name: string, password = 'secret') => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})
