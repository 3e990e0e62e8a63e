import { randomUUID } from 'node:crypto'
import { type Clock, type Logger, version } from '@rport/kit'
import { toRemoteRecord } from '@rport/protocol'
import { createKeepAlive, dialServer } from '@rport/transport'
import { type AgentConfig, toClientConfiguration } from './config/index.ts'
import { createAttributes } from './features/attributes/index.ts'
import { createInventory, createRootFiles, readMachineId, thisMachine } from './features/inventory/index.ts'
import { checkPort, checkTunnelAllowed, createTargetOpener, createTargetPermission } from './features/tunnels/index.ts'
import { createServerLink } from './link/index.ts'
import { runProcess } from './run-process.ts'

/** TCP, TLS and upgrade: a server that lets a whole fleet in one after another may keep us waiting for the upgrade. */
const CONNECT_TIMEOUT_MS = 60_000

export interface Agent {
  /** Runs until `signal` aborts or the retries are used up. */
  run(signal: AbortSignal): Promise<'stopped' | 'gave-up'>
}

/** Builds the agent, from top to bottom in the order of dependency. Does no I/O. */
export function composeAgent(config: AgentConfig, deps: { clock: Clock; log: Logger }): Agent {
  const { clock, log } = deps
  const { identity, server, connection } = config
  const [serverUrl] = server.urls
  const files = createRootFiles('/')
  const inventory = createInventory({ files, machine: thisMachine, clock, log })
  const attributes = createAttributes({
    configured: { tags: identity.tags, labels: Object.keys(identity.labels).length > 0 ? identity.labels : null },
    path: identity.attributesFile,
    log,
  })
  const permission = createTargetPermission({ rules: config.tunnels.allowed })
  const targets = createTargetOpener({ permission, log })
  const keepAlive = createKeepAlive({ clock, log })

  // The first look at the machine, until it is done; bounded to seconds, while the link dials.
  let collected: ReturnType<typeof inventory.collect> | undefined

  const link = createServerLink({
    dial: (signal) =>
      dialServer({
        url: new URL(serverUrl),
        ...(connection.hostname === undefined ? {} : { hostHeader: connection.hostname }),
        headers: {
          'User-Agent': `rport ${version}`,
          ...Object.fromEntries(connection.headers.map(({ name, value }) => [name, value.reveal()])),
        },
        fingerprint: server.fingerprint ?? '',
        clientAuthId: server.auth?.id ?? '',
        password: server.auth?.password.reveal() ?? '',
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        onFingerprint: (fingerprint) => {
          if (server.fingerprint !== undefined) return
          log.warn({ fingerprint }, 'any server is trusted: set client.fingerprint to the one shown here to pin it')
        },
        signal,
        clock,
        log,
      }),
    registration: {
      clientId: async () => {
        if (identity.id !== undefined) return identity.id
        return identity.useSystemId ? readMachineId({ platform: process.platform, files, runProcess }) : ''
      },
      name: identity.name,
      useHostname: identity.useHostname,
      sessionId: randomUUID(),
      remotes: config.tunnels.remotes.map(({ spec }) => toRemoteRecord(spec)),
      clientConfiguration: toClientConfiguration(config),
      attributes,
      inventory: () => collected ?? Promise.resolve(inventory.current()),
    },
    handlers: {
      checkTunnelAllowed: (target) => checkTunnelAllowed(target, permission),
      checkPort: (ask) => checkPort(ask, permission),
      updateClientMetadata: (metadata) => attributes.replace(metadata),
    },
    onChannel: (open) => targets.open(open),
    keepAlive,
    keepAliveMs: connection.keepAliveMs,
    keepAliveTimeoutMs: connection.keepAliveTimeoutMs,
    maxRetryCount: connection.maxRetryCount,
    maxRetryIntervalMs: connection.maxRetryIntervalMs,
    serverText: serverUrl,
    clock,
    log,
  })

  return {
    async run(signal) {
      collected = inventory.collect()
      void collected.then(() => {
        collected = undefined
      })
      await attributes.load()
      try {
        return await link.run(signal)
      } finally {
        targets.close()
        keepAlive.close()
      }
    },
  }
}
