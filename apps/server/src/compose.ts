import type { KeyObject } from 'node:crypto'
import { readDescriptorLimit } from '@rport/host'
import { type Secret, version } from '@rport/kit'
import { hostKeyFromSeed, pipeSocket } from '@rport/transport'
import { createConnections } from './agents/connections.ts'
import { createLinkCounts } from './agents/link-counts.ts'
import { composeAgents } from './compose-agents.ts'
import { composePeople, type PeopleDeps } from './compose-people.ts'
import { isTunnelProxyConfigured, type LockoutConfig, type ServerConfig } from './config/index.ts'
import { type ConnectorProcess, openListenerInConnector } from './connectors/index.ts'
import { agentLoginFailedEvent, createAuditLog, foreignIdEvent } from './features/auditlog/index.ts'
import { clientGroupRoutes, createClientGroupBook } from './features/client-groups/index.ts'
import { createClientBook, createClients, createVisibility } from './features/clients/index.ts'
import { createClientsAuth } from './features/clients-auth/index.ts'
import { createHealth } from './features/health/index.ts'
import { createLocalDoor, legacySessionRoutes } from './features/legacy-sessions/index.ts'
import { createLockout } from './features/login/index.ts'
import { meRoutes } from './features/me/index.ts'
import { createMetrics, createRequestTimes, metricsPage } from './features/metrics/index.ts'
import { statusRoutes } from './features/status/index.ts'
import { createTunnels } from './features/tunnels/index.ts'
import { createAccessPolicy, createTunnelPolicy, createUserGroupService } from './features/users/index.ts'
import { createVault, passOnVaultNames } from './features/vault/index.ts'
import { type AccessLine, createFiles, createHttpApp, type HttpTls, openApiRoutes } from './http/index.ts'
import { toServerStatus } from './server-status.ts'
import { createDescriptorBudget, shareDescriptors, warnOfFewDescriptors } from './sockets/index.ts'
import { createTunnelListeners } from './visitors/index.ts'

export interface ServerDeps extends PeopleDeps {
  /** Seed of the host key, configured or kept. */
  readonly keySeed: Secret
  /** HTTPS for the API; undefined: plain HTTP. */
  readonly apiTls: HttpTls | undefined
  /** Signs the audit log. */
  readonly auditKey: KeyObject
  /** Where files are kept that are no part of the database. */
  readonly dataDir: string
  /** Starts a connector process, or takes one that was started before. */
  readonly forkConnector: () => ConnectorProcess
  /** Takes the lines of the API's access log; undefined: none is written. */
  readonly accessLine: AccessLine | undefined
}

export interface RunningServer {
  /** What agents pin. */
  readonly fingerprint: string
  /** Listens, agents last: the API is there when they come. @throws StartError */
  start(): Promise<{ agents: ListeningAt; api: ListeningAt | undefined; metrics: ListeningAt | undefined }>
  /** Ends everything in reverse order. Idempotent, also after a half-failed start. The stores stay open. */
  close(): Promise<void>
}

interface ListeningAt {
  readonly host: string
  readonly port: number
}

/** Builds the server, one line per feature, from top to bottom in the order of dependency. */
export function composeServer(config: ServerConfig, deps: ServerDeps): RunningServer {
  const { clock, log, stores } = deps
  const { db, users, clientAuths } = stores
  const hostKey = hostKeyFromSeed(deps.keySeed.reveal())
  const lockoutOf = ({ loginWaitMs, maxFailedLogins, banMs }: LockoutConfig, area: string) =>
    createLockout({ waitMs: loginWaitMs, maxFailed: maxFailedLogins, banMs, clock, log: log.child({ area }) })

  const descriptorLimit = readDescriptorLimit()
  const shares = shareDescriptors(descriptorLimit)
  warnOfFewDescriptors(descriptorLimit, log)
  const descriptors = createDescriptorBudget({ shared: shares.shared, log })
  const connections = createConnections()
  const registry = createClientBook({ db, clock, log })
  const clientGroups = createClientGroupBook({ db, registry, log })
  const { userGroupsOf } = clientGroups
  const accessPolicy = createAccessPolicy({ directory: users, userGroupsOf })
  const visibilityOf = createVisibility({ userGroupsOf, isAdmin: accessPolicy.isAdmin })
  const userGroups = createUserGroupService({ directory: users, log })
  const audit = createAuditLog({
    db,
    ...config.audit,
    dataDir: deps.dataDir,
    key: deps.auditKey,
    hostnameOf: (clientId) => registry.find(clientId)?.hostname ?? '',
    isAdmin: accessPolicy.isAdmin,
    clock,
    log,
  })

  const tunnels = createTunnels({
    connections,
    memory: registry,
    ports: config.tunnels.ports,
    checkPortTimeoutMs: config.tunnels.checkPortTimeoutMs,
    isProxyConfigured: isTunnelProxyConfigured(config.tunnels.proxy),
    visibleTo: async (actor) => (await visibilityOf(actor)).sees,
    policy: createTunnelPolicy({ directory: users }),
    allowedByCredential: (clientAuthId, remote) => clientAuths.allowsTunnel(clientAuthId, remote),
    openListener:
      config.agents.connectors > 0
        ? openListenerInConnector
        : createTunnelListeners({ pipe: pipeSocket, descriptors, clock, log }),
    clock,
    log,
  })
  const clients = createClients({
    registry,
    connections,
    tunnels: tunnels.ofClients,
    credentialExists: async (id) => (await clientAuths.existing([id])).has(id),
    visibilityOf,
    groupIdsOf: (client) => clientGroups.groupsOf(client).map((group) => group.id),
    requireUserGroups: userGroups.requireAll,
    onForeignId: (attempt) => void audit.attempted(foreignIdEvent(attempt)),
    rules: {
      authMultiuseCreds: config.clientsAuth.multiUse,
      equateClientAuthIdClientId: config.clientsAuth.clientIdFromAuthId,
    },
    purge: {
      enabled: config.clients.purgeDisconnected,
      keepMs: config.clients.keepDisconnectedMs,
      intervalMs: config.clients.purgeIntervalMs,
    },
    clock,
    log,
  })

  const clientsAuth = createClientsAuth({
    directory: clientAuths,
    connections,
    clients: { idsOf: registry.idsOfClientAuth, expel: clients.service.expel },
    clock,
    log,
  })

  const apiLockout = lockoutOf(config.api.lockout, 'api')
  const { secondFactors, tokens, login, account, userAdministration } = composePeople(config, deps, {
    isAdmin: accessPolicy.isAdmin,
    userGroups,
    lockout: apiLockout,
    passOn: async (from, to) => {
      await tunnels.passOn(from, to)
      await passOnVaultNames(db, from, to)
    },
  })
  const vault = createVault({
    db,
    dataDir: deps.dataDir,
    unlockFile: config.vault.unlockFile,
    lockout: apiLockout,
    policy: accessPolicy,
    audit,
    clock,
    log,
  })
  const status = () => toServerStatus({ config, users, clientAuths, registry, fingerprint: hostKey.fingerprint })

  const linkCounts = createLinkCounts()
  const agentsLockout = lockoutOf(config.agents.lockout, 'agents')
  const requests = createRequestTimes()
  const metrics = createMetrics({
    clients: registry.count,
    tunnels: tunnels.counts,
    links: async () => {
      await agents.refresh()
      const { pendingHandshakes: waitingHandshakes } = agents.listener
      return { ...linkCounts.read(), waitingHandshakes, listeningConnectors: agents.listeningConnectors() }
    },
    lockouts: { api: apiLockout.counts, agents: agentsLockout.counts },
    database: () => ({ waitingWrites: db.waitingWrites }),
    requests,
    maxDescriptors: descriptorLimit,
    clock,
  })
  const health = createHealth({
    checks: {
      database: async () => {
        // An empty transaction: costs no flush, and passes only where writes do.
        await db.write(async () => undefined)
      },
      'listener for agents': async () => {
        if (!agents.listener.isListening) throw new Error('not listening')
      },
    },
    clock,
    log,
  })
  const figures = config.metrics.enabled ? [metricsPage(config.metrics, metrics)] : []

  const files = config.api.docRoot === undefined ? undefined : createFiles(config.api.docRoot, log)

  const api = createHttpApp({
    config: {
      maxRequestBytes: config.api.maxRequestBytes,
      tls: deps.apiTls,
      cors: { origins: config.api.cors, answersPreflight: config.api.docRoot !== undefined },
      limits: { maxConnections: shares.api },
    },
    routes: [
      login.routes,
      meRoutes(account),
      secondFactors.routes,
      tokens.routes,
      userAdministration.routes,
      statusRoutes(status),
      clients.routes,
      clientGroupRoutes({ book: clientGroups, registry, visibilityOf }),
      clientsAuth.routes,
      tunnels.routes,
      vault.routes,
      audit.routes,
      legacySessionRoutes({ registry, visibilityOf, tunnelRoutes: tunnels.routes }),
      openApiRoutes(version),
    ],
    authenticator: login.authenticator,
    accessPolicy,
    bans: apiLockout,
    audit: audit.trail,
    trustedProxies: config.api.trustedProxies,
    accessLine: deps.accessLine,
    files,
    pages: [...health.pages, ...(config.metrics.listen ? [] : figures)],
    onAnswered: requests.answered,
    clock,
    log,
  })
  const metricsDoor = createHttpApp({
    config: { maxRequestBytes: config.api.maxRequestBytes, cors: { origins: [], answersPreflight: false } },
    routes: [],
    authenticator: login.authenticator,
    accessPolicy,
    bans: apiLockout,
    audit: audit.trail,
    trustedProxies: config.api.trustedProxies,
    pages: [...health.pages, ...figures],
    clock,
    log,
  })

  const localDoor = config.agents.legacyApi
    ? createLocalDoor({
        registry,
        tunnelRoutes: tunnels.routes,
        audit: audit.trail,
        maxRequestBytes: config.api.maxRequestBytes,
        clock,
        log,
      })
    : undefined
  const agents = composeAgents(config.agents, {
    hostKey,
    keySeed: deps.keySeed,
    dataDir: deps.dataDir,
    logLevel: config.logging.level,
    forkConnector: deps.forkConnector,
    verifyClientAuth: clientsAuth.verify,
    clients,
    clientsAt: registry.countAt,
    linkCheck: config.clients,
    lockout: agentsLockout,
    counts: linkCounts,
    onLoginFailed: (clientAuthId, address) => void audit.attempted(agentLoginFailedEvent(clientAuthId, address)),
    descriptors,
    localDoor,
    clock,
    log,
  })

  return {
    fingerprint: hostKey.fingerprint,
    async start() {
      const prepared = agents.prepare()
      prepared.catch(() => undefined)
      await registry.start()
      await clientGroups.start()
      await audit.start()
      await vault.start()
      clients.service.start()
      clientsAuth.start()
      secondFactors.start()
      metrics.start()
      await files?.check()
      await prepared
      const { listen: metricsListen, enabled } = config.metrics
      const apiAt = config.api.listen && (await api.start(config.api.listen))
      const metricsAt =
        enabled && metricsListen
          ? await metricsDoor.start(metricsListen, { whom: 'scrapes', setting: '[metrics] address' })
          : undefined
      return { agents: await agents.listener.start(), api: apiAt, metrics: metricsAt }
    },
    async close() {
      health.drain()
      agents.listener.stopListening()
      clientsAuth.stop()
      clients.service.stop()
      await api.close()
      await agents.close()
      await localDoor?.close()
      await metricsDoor.close()
      metrics.stop()
      await tunnels.close()
      await login.close()
      await audit.close()
    },
  }
}
