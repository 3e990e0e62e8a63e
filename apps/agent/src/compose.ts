import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { writeFileAtomic } from '@rport/host'
import type { Clock, Logger } from '@rport/kit'
import { toRemoteRecord } from '@rport/protocol'
import { createKeepAlive } from '@rport/transport'
import { type AgentConfig, toClientConfiguration } from './config/index.ts'
import { createAttributes } from './features/attributes/index.ts'
import { askAddress, createExternalAddresses } from './features/external-addresses/index.ts'
import { createInventory, createRootFiles, readMachineId, thisMachine } from './features/inventory/index.ts'
import { checkPort, checkTunnelAllowed, createTargetOpener, createTargetPermission } from './features/tunnels/index.ts'
import { createDial, createMachineWatch, createServerLink } from './link/index.ts'
import { runProcess } from './run-process.ts'
import { createSystemdNotice, createWatchdog } from './service/watchdog/index.ts'

/** Watchdogs run as other users: the file holds no secret. */
const STATE_MODE = 0o644

export interface Agent {
  /** Runs until `signal` aborts or the retries are used up. */
  run(signal: AbortSignal): Promise<'stopped' | 'gave-up'>
  /** Ends a wait before the next attempt. */
  retryNow(): void
}

/** Builds the agent, from top to bottom in the order of dependency. Does no I/O. `dataDir`: the folder that is in use. */
export function composeAgent(config: AgentConfig, deps: { dataDir: string; clock: Clock; log: Logger }): Agent {
  const { clock, dataDir, log } = deps
  const { identity, server, connection } = config
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
  const externalAddresses = createExternalAddresses({ ...config.externalAddresses, ask: askAddress, clock, log })
  const watchdog = createWatchdog({
    isEnabled: connection.watchdog,
    writeState: (text) => writeFileAtomic(join(dataDir, 'state.json'), text, { mode: STATE_MODE }),
    systemd: createSystemdNotice({ isNotified: config.isNotified, runProcess, log }),
    keepAliveMs: connection.keepAliveMs,
    utcOffsetMinutes: thisMachine.utcOffsetMinutes,
    clock,
    log,
  })

  // The first look at the machine, until it is done; bounded to seconds, while the link dials.
  let collected: ReturnType<typeof inventory.collect> | undefined

  const link = createServerLink({
    servers: server.urls,
    switchbackIntervalMs: server.switchbackIntervalMs,
    hasCredentials: server.auth !== undefined,
    dial: createDial({ server, connection, clock, log }),
    machine: createMachineWatch({ addresses: thisMachine.addresses, clock, log }),
    report: watchdog,
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
    onCapabilities: externalAddresses.onCapabilities,
    keepAlive,
    keepAliveMs: connection.keepAliveMs,
    keepAliveTimeoutMs: connection.keepAliveTimeoutMs,
    maxRetryCount: connection.maxRetryCount,
    maxRetryIntervalMs: connection.maxRetryIntervalMs,
    clock,
    log,
  })

  return {
    retryNow: link.retryNow,
    async run(signal) {
      watchdog.start()
      collected = inventory.collect()
      void collected.then(() => {
        collected = undefined
      })
      await attributes.load()
      try {
        return await link.run(signal)
      } finally {
        targets.close()
        externalAddresses.close()
        keepAlive.close()
        await watchdog.close()
      }
    },
  }
}
