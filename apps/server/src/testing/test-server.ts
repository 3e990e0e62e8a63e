import { apiError, createSdk, type Sdk } from '@rport/api'
import { type Clock, systemClock } from '@rport/kit'
import { createMemoryLogger, type MemoryLogger } from '@rport/kit/testing'
import { pipeSocket } from '@rport/transport'
import { createConnections } from '../agents/connections.ts'
import { openTestDatabase } from '../db/testing/index.ts'
import { clientGroupRoutes, createClientGroupBook } from '../features/client-groups/index.ts'
import {
  type ClientRegistry,
  type Clients,
  createClientBook,
  createClients,
  createVisibility,
} from '../features/clients/index.ts'
import { legacySessionRoutes } from '../features/legacy-sessions/index.ts'
import { createTunnels, type Tunnels } from '../features/tunnels/index.ts'
import type { TunnelPolicy } from '../features/users/index.ts'
import type { AccessPolicy, Actor } from '../http/index.ts'
import { basic, createTestApp, strictConfig } from '../http/testing/test-app.ts'
import { createTunnelListeners } from '../visitors/index.ts'
import { DEFAULT_PORTS } from './test-ports.ts'
import { unrestricted } from './unrestricted.ts'

/** Clients and tunnels behind the real door of the API, with two users: `admin` and `limited` (group `operators`). */
export interface TestServer {
  /** The administrator's. */
  readonly sdk: Sdk
  readonly registry: ClientRegistry
  readonly clients: Clients
  readonly tunnels: Tunnels
  readonly log: MemoryLogger
  /** Sends a request as it would come over the wire; answers status and parsed body. */
  ask(method: Method, path: string, options?: { user?: string; body?: unknown }): Promise<Answer>
  close(): Promise<void>
}

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'
interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Starts on a random port of loopback, on an empty database. The caller closes it. */
export async function startTestServer(options: { clock?: Clock; policy?: TunnelPolicy } = {}): Promise<TestServer> {
  const clock = options.clock ?? systemClock
  const log = createMemoryLogger()
  const db = await openTestDatabase()
  const connections = createConnections()
  const registry = createClientBook({ db, clock, log })
  await registry.start()
  const isAdmin = ({ username }: Actor) => username === 'admin'
  const clientGroups = createClientGroupBook({ db, registry, log })
  const { userGroupsOf } = clientGroups
  const visibilityOf = createVisibility({ userGroupsOf, isAdmin })
  const tunnels = createTunnels({
    connections,
    memory: registry,
    ports: DEFAULT_PORTS,
    checkPortTimeoutMs: 1000,
    isProxyConfigured: true,
    visibleTo: async (actor) => (await visibilityOf(actor)).sees,
    policy: options.policy ?? unrestricted,
    allowedByCredential: () => true,
    openListener: createTunnelListeners({ pipe: pipeSocket, clock, log }),
    clock,
    log,
  })
  const clients = createClients({
    registry,
    connections,
    tunnels: tunnels.ofClients,
    credentialExists: () => true,
    visibilityOf,
    onForeignId: () => undefined,
    groupIdsOf: (client) => clientGroups.groupsOf(client).map((group) => group.id),
    async requireUserGroups(names) {
      const missing = names.filter((name) => name !== 'operators')
      if (missing.length > 0) throw apiError('user_groups_not_found', { names: missing.join(', ') })
    },
    rules: { authMultiuseCreds: true, equateClientAuthIdClientId: false },
    purge: { enabled: false, keepMs: 0, intervalMs: 60_000 },
    clock,
    log,
  })
  const legacy = legacySessionRoutes({ registry, visibilityOf, tunnelRoutes: tunnels.routes })
  const accessPolicy: AccessPolicy = {
    permission: () => true,
    isAdmin,
    clientAccess: async (actor, clientId) => {
      if (!registry.find(clientId)) return 'unknown'
      return (await visibilityOf(actor)).sees(clientId) ? 'allowed' : 'denied'
    },
  }
  const { app } = createTestApp(
    [clients.routes, tunnels.routes, legacy, clientGroupRoutes({ book: clientGroups, registry, visibilityOf })],
    {
      accessPolicy,
      log,
      config: strictConfig,
      authenticator: {
        basic: async (username, _password, { origin }) => ({
          kind: 'actor',
          actor: {
            username,
            groups: username === 'limited' ? ['operators'] : [],
            proof: 'password',
            address: origin.address,
          },
        }),
        bearer: () => Promise.reject(new Error('no bearer in these tests')),
        anonymous: () => Promise.reject(new Error('no anonymous requests in these tests')),
      },
    },
  )
  const { host, port } = await app.start({ host: '127.0.0.1', port: 0 })
  return {
    sdk: createSdk({
      baseUrl: `http://${host}:${port}`,
      credentials: { kind: 'basic', username: 'admin', password: 'x' },
    }),
    registry,
    clients,
    tunnels,
    log,
    async ask(method, path, { user = 'admin', body } = {}) {
      const reply = await app.inject({
        method,
        url: `/api/v1${path}`,
        headers: basic(user),
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      })
      return { status: reply.statusCode, body: reply.body === '' ? '' : JSON.parse(reply.body) }
    },
    async close() {
      await app.close()
      for (const [, connection] of connections.list()) connection.close()
      await tunnels.close()
      await db.close()
    },
  }
}
