import { randomUUID } from 'node:crypto'
import { Secret, silentLogger, systemClock } from '@rport/kit'
import type { Inventory } from '@rport/protocol'
import { createKeepAlive } from '@rport/transport'
import { createTargetOpener, createTargetPermission } from '../../apps/agent/src/features/tunnels/index.ts'
import { createDial, createServerLink } from '../../apps/agent/src/link/index.ts'

export interface SwarmOptions {
  /** `ws:` URL of the server. */
  readonly url: string
  readonly auth: { readonly id: string; readonly password: string }
  /** So many different ids, `swarm-00001` and so on: whoever comes after them takes over the first one. Default: no end. */
  readonly ids?: number
}

/** When an agent began an attempt, and when it was registered by it; `performance.now()` of the swarm's process. */
export interface Return {
  readonly triedAt: number
  readonly connectedAt: number
}

/** Many agents in one process, which it ends with: each with the link of the real agent, all with the same made-up machine. */
export interface Swarm {
  /** Adds `count` agents, `width` of them on their way at the same time. Resolves when all are registered. */
  join(count: number, width: number): Promise<void>
  /** Ends `count` agents, the oldest first. */
  leave(count: number): Promise<void>
  /** How those agents came back that have registered since the last call; one entry each. */
  takeReturns(): Return[]
  /** Resolves when so many are registered at the same time. */
  whenConnected(count: number): Promise<void>
}

/** What an ordinary server says of itself: an agent's record shall not be smaller here than in the field. */
export const MACHINE: Inventory = {
  os: 'Debian GNU/Linux 12 (bookworm)',
  osFullName: 'Debian GNU/Linux 12 (bookworm)',
  osVersion: '12.11',
  osVirtualizationSystem: 'KVM',
  osVirtualizationRole: 'guest',
  osArch: 'amd64',
  osFamily: 'debian',
  osKernel: 'linux',
  hostname: 'machine',
  cpuFamily: '6',
  cpuModel: '143',
  cpuModelName: 'Intel(R) Xeon(R) Processor',
  cpuVendor: 'GenuineIntel',
  numCpus: 2,
  memoryTotalBytes: 8_237_318_144,
  timezone: 'UTC (UTC+00:00)',
  ipv4: ['10.0.12.34'],
  ipv6: ['fe80::a00:27ff:fe4e:66a1'],
}

/** What an agent with default settings reports of its configuration. */
const CONFIGURATION = {
  client: { server: 'ws://127.0.0.1', fingerprint: '', id: '', name: '', tags: ['bench'], remotes: [], labels: null },
  connection: { keep_alive: 180_000_000_000, max_retry_count: -1, headers: null, hostname: '' },
  remote_commands: { enabled: false, allow: ['^/usr/bin/.*'], deny: ['(\\||<|>|;|,|\\n|&)'], order: ['allow', 'deny'] },
  remote_scripts: { enabled: false },
  monitoring: { enabled: true, interval: 60_000_000_000, fs_path_exclude_recurse: false },
}

/** The client id of the n-th agent of a swarm, from 1 on. */
export const idOf = (number: number): string => `swarm-${String(number).padStart(5, '0')}`

export function createSwarm(options: SwarmOptions): Swarm {
  const log = silentLogger
  const clock = systemClock
  const keepAlive = createKeepAlive({ clock, log })
  const dial = createDial({
    server: {
      urls: [options.url],
      auth: { id: options.auth.id, password: new Secret(options.auth.password) },
      fingerprint: '',
      proxyUrl: undefined,
      bindInterface: undefined,
      switchbackIntervalMs: 120_000,
    },
    connection: { headers: [], hostname: undefined, caFile: undefined },
    clock,
    log,
  })
  const targets = createTargetOpener({ permission: createTargetPermission({ rules: [] }), log })
  const running: { stop: AbortController; over: Promise<unknown> }[] = []
  let returns: Return[] = []
  let watchers: (() => void)[] = []
  let connected = 0
  let made = 0

  const look = () => {
    for (const watcher of watchers) watcher()
  }
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const watcher = () => {
        if (!holds()) return
        watchers = watchers.filter((other) => other !== watcher)
        resolve()
      }
      watchers.push(watcher)
      watcher()
    })

  /** Starts one agent. @returns settles when it is registered for the first time */
  const start = (): Promise<void> => {
    made += 1
    const id = idOf(1 + ((made - 1) % (options.ids ?? Number.POSITIVE_INFINITY)))
    const stop = new AbortController()
    const first = Promise.withResolvers<void>()
    let triedAt = 0
    const link = createServerLink({
      servers: [options.url],
      switchbackIntervalMs: 120_000,
      hasCredentials: true,
      async dial(server, signal) {
        triedAt = performance.now()
        const connection = await dial(server, signal)
        void connection.closed.then(() => {
          if (isIn) connected -= 1
          isIn = false
        })
        return connection
      },
      machine: { start: () => ({ stop: () => undefined }) },
      report: {
        connected() {
          isIn = true
          connected += 1
          returns.push({ triedAt, connectedAt: performance.now() })
          first.resolve()
          look()
        },
        alive: () => undefined,
        retrying: () => undefined,
      },
      registration: {
        clientId: async () => id,
        name: id,
        useHostname: false,
        sessionId: randomUUID(),
        remotes: [],
        clientConfiguration: CONFIGURATION,
        attributes: { current: () => ({ tags: ['bench', 'linux'], labels: { site: 'berlin' } }) },
        inventory: async () => ({ ...MACHINE, hostname: id }),
      },
      handlers: {
        checkTunnelAllowed: () => true,
        checkPort: () => ({ open: true, error: '' }),
        updateClientMetadata: () => undefined,
      },
      onChannel: (open) => targets.open(open),
      keepAlive,
      keepAliveMs: 180_000,
      keepAliveTimeoutMs: 30_000,
      maxRetryCount: -1,
      maxRetryIntervalMs: 300_000,
      clock,
      log,
    })
    let isIn = false
    running.push({ stop, over: link.run(stop.signal) })
    return first.promise
  }

  const leave = async (count: number) => {
    const leaving = running.splice(0, count)
    for (const { stop } of leaving) stop.abort(new Error('the agent stops'))
    await Promise.all(leaving.map(({ over }) => over))
  }

  return {
    async join(count, width) {
      let left = count
      const joinSome = async () => {
        while (left > 0) {
          left -= 1
          await start()
        }
      }
      await Promise.all(Array.from({ length: Math.min(width, count) }, joinSome))
    },
    leave,
    takeReturns() {
      const taken = returns
      returns = []
      return taken
    },
    whenConnected: (count) => until(() => connected >= count),
  }
}
