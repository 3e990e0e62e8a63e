import type { LogLevel } from '@rport/kit'
import { type Clock, type Logger, type Secret, version } from '@rport/kit'
import { features } from '@rport/protocol'
import { type Connection, createKeepAlive, type HostKey } from '@rport/transport'
import { createAdmission } from './agents/admission.ts'
import { type ArrivedAgent, greetAgent } from './agents/agent-greeting.ts'
import { type AgentLockout, createAgentLogin } from './agents/agent-login.ts'
import type { LinkCounts } from './agents/link-counts.ts'
import { createLinkWatch } from './agents/link-watch.ts'
import { type AgentListener, createAgentListener } from './agents/listener.ts'
import { createPlainDesk } from './agents/plain-desk.ts'
import { createPlainProxy } from './agents/plain-proxy.ts'
import type { AgentsConfig, ClientsConfig } from './config/index.ts'
import { type ConnectorProcess, createConnectorPool, watchInConnector } from './connectors/index.ts'
import type { Clients } from './features/clients/index.ts'
import type { LocalDoor } from './features/legacy-sessions/index.ts'
import { createNewcomers, type DescriptorBudget } from './sockets/index.ts'

export interface AgentsDeps {
  readonly hostKey: HostKey
  /** What the host key is made of: connectors make their own from it. */
  readonly keySeed: Secret
  readonly dataDir: string
  readonly logLevel: LogLevel
  readonly forkConnector: () => ConnectorProcess
  /** Judges client auth id and password; takes as long for unknown ids. */
  readonly verifyClientAuth: (clientAuthId: string, password: string) => Promise<boolean>
  readonly clients: Clients
  /** How many clients were last connected from an address, also before a restart. */
  readonly clientsAt: (address: string) => number
  readonly linkCheck: Pick<ClientsConfig, 'checkConnectionIntervalMs' | 'checkConnectionTimeoutMs'>
  readonly lockout: AgentLockout
  readonly counts: LinkCounts
  /** Told of every wrong password, and of ids that are not known. */
  readonly onLoginFailed: (clientAuthId: string, address: string) => void
  readonly descriptors: DescriptorBudget
  /** The API of the first release; undefined: not served. */
  readonly localDoor: Pick<LocalDoor, 'answer'> | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** The port for agents, with what happens to those who come. */
export interface AgentsDoor {
  readonly listener: AgentListener
  /** Before anything listens: starts what takes a moment. @throws when it cannot be started */
  prepare(): Promise<void>
  /** Brings figures up to date that are counted elsewhere. Never rejects. */
  refresh(): Promise<void>
  /** Processes that listen; undefined: there are none but this. */
  listeningConnectors(): number | undefined
  /** Ends every connection, and waits until what their ends mean is done. Idempotent. */
  close(): Promise<void>
}

/** What our server can do, as agents are told. */
const CAPABILITIES = {
  serverVersion: version,
  // No measurements yet: agents do not send what nobody keeps.
  monitoringVersion: 0,
  ipAddressesVersion: 1,
  features: [features.halfClose, features.zeroMask, features.earlyData],
}

/** Wires the door for agents to the features behind it; nothing listens yet. */
export function composeAgents(config: AgentsConfig, deps: AgentsDeps): AgentsDoor {
  const { clients, counts, lockout, localDoor, clock, log } = deps
  const { maxRequestBytes, trustedProxies, proxyUrl } = config
  const plainProxy = proxyUrl === undefined ? undefined : createPlainProxy({ target: proxyUrl, maxRequestBytes, log })
  const keepAlive = createKeepAlive({ clock, log })
  const watchLink = createLinkWatch({
    keepAlive: config.connectors > 0 ? { watch: watchInConnector } : keepAlive,
    checkIntervalMs: deps.linkCheck.checkConnectionIntervalMs,
    checkTimeoutMs: deps.linkCheck.checkConnectionTimeoutMs,
    onAlive: clients.service.onAlive,
  })
  const leaving = new Set<Promise<void>>()
  const duties = {
    onConnected: clients.service.onConnected,
    onRequest: clients.onRequest,
    onRegistered(agent: ArrivedAgent, isOurs: boolean) {
      watchLink(agent, isOurs)
      void clients.deliverAttributes(agent)
    },
    onClosed(agent: ArrivedAgent) {
      const left = clients.service.onClosed(agent)
      leaving.add(left)
      return left.finally(() => leaving.delete(left))
    },
  }
  const greeting = { duties, capabilities: CAPABILITIES, maxRequestBytes, clock, log }

  const newcomers = createNewcomers({
    maxPerAddress: config.maxUnknownPerAddress,
    expectedFrom: deps.clientsAt,
    trustedProxies,
    clock,
    log: log.child({ area: 'agents' }),
  })
  /** The same for one process and for many. */
  const door = {
    ...config,
    lockout,
    newcomers,
    clientsAt: deps.clientsAt,
    login: createAgentLogin({ ...deps, log }),
    onArrived(connection: Connection, address: string) {
      counts.opened(connection)
      greetAgent({ connection, clientAuthId: connection.user, address }, greeting)
    },
    answerPlain: createPlainDesk({
      lockout,
      maxRequestBytes,
      answer(request, response, address) {
        if (localDoor?.answer(request, response)) return true
        plainProxy?.answer(request, response, address)
        return plainProxy !== undefined
      },
    }),
    clock,
    log,
  }
  const pool =
    config.connectors === 0
      ? undefined
      : createConnectorPool({
          ...door,
          keySeed: deps.keySeed,
          dataDir: deps.dataDir,
          logLevel: deps.logLevel,
          onRefused: counts.refused,
          fork: deps.forkConnector,
        })
  const listener =
    pool ??
    createAgentListener({
      ...door,
      hostKey: deps.hostKey,
      admission: createAdmission(door),
      counts,
      descriptors: deps.descriptors,
    })

  return {
    listener,
    prepare: async () => pool?.load(),
    refresh: async () => pool?.refresh(),
    listeningConnectors: () => pool?.listening,
    async close() {
      await listener.close()
      plainProxy?.close()
      // The ends of connections free ports and write down who has left: the database must still be there.
      while (leaving.size > 0) await Promise.allSettled([...leaving])
      keepAlive.close()
    },
  }
}
