import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until } from './deadline.ts'
import { type Program, startProgram } from './program.ts'
import { RPORT } from './programs.ts'
import type { Scope } from './scope.ts'
import { AGENT_AUTH, FINGERPRINT, type TestServer } from './server.ts'
import { mergeSettings, type Settings, toToml } from './toml.ts'

export interface AgentOptions {
  id: string
  /** `host:port` that the agent dials; the server's own address unless a line lies between. */
  address?: string
  settings?: Settings
  /** Words in front of the command, such as `ip netns exec NAME`. */
  prefix?: readonly string[]
  /** Another program that takes the same configuration file. */
  command?: string
  /** Variables beside those of the test run. */
  env?: Readonly<Record<string, string>>
}

/** A running rport that can be killed and started again with the same configuration. */
export interface TestAgent {
  readonly id: string
  readonly dataDir: string
  /** The process of now; another one after `start`. */
  readonly program: Program
  start(): void
}

/** Starts rport without waiting for anything; the scope ends it. */
export async function launchAgent(scope: Scope, options: AgentOptions & { address: string }): Promise<TestAgent> {
  const folder = await scope.folder('agent')
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  const configFile = join(folder, 'rport.conf')
  const settings = mergeSettings(
    {
      client: {
        server: `http://${options.address}`,
        fingerprint: FINGERPRINT,
        auth: AGENT_AUTH,
        id: options.id,
        name: options.id,
        use_system_id: false,
        use_hostname: false,
        allow_root: true,
        updates_interval: '0s',
        data_dir: dataDir,
      },
      connection: { keep_alive: '30s' },
      logging: { log_level: 'debug' },
      'remote-commands': { enabled: false },
      monitoring: { enabled: false },
    },
    options.settings ?? {},
  )
  await writeFile(configFile, toToml(settings), { mode: 0o600 })
  const launch = () =>
    startProgram(scope, {
      name: `rport ${options.id}`,
      command: options.command ?? RPORT,
      args: ['-c', configFile],
      cwd: folder,
      ...(options.prefix ? { prefix: options.prefix } : {}),
      ...(options.env ? { env: { ...process.env, ...options.env } } : {}),
    })
  let program = launch()
  return {
    id: options.id,
    dataDir,
    get program() {
      return program
    },
    start() {
      program = launch()
    },
  }
}

/** Starts rport and waits until the server shows it as connected, and the agent knows. */
export async function startAgent(scope: Scope, server: TestServer, options: AgentOptions): Promise<TestAgent> {
  const agent = await launchAgent(scope, { address: `127.0.0.1:${server.agentPort}`, ...options })
  const gone = agent.program.exited.then(() => {
    throw new Error(`rport ended before it was connected:\n${agent.program.output.slice(-4000)}`)
  })
  try {
    await Promise.race([connected(server, options.id), gone])
    // The server knows a moment before the agent does. One that logs nothing but errors does not say so.
    const isQuiet = options.settings?.['logging']?.['log_level'] === 'error'
    if (!isQuiet) await Promise.race([agent.program.waitFor(/\bconnected\b/i), gone])
  } catch (error) {
    throw new Error(`${String(error)}\nlast output of rport:\n${agent.program.output.slice(-4000)}`)
  }
  // From here on its end is no failure of the start.
  gone.catch(() => undefined)
  return agent
}

/** Longest wait for a reconnect: agents of every make wait up to ten seconds, twice. */
const RECONNECT_LIMIT_MS = 40_000

/** Waits until the server shows a client as connected. */
export async function connected(server: TestServer, id: string, limitMs = RECONNECT_LIMIT_MS): Promise<void> {
  await until(
    `${id} is connected`,
    async () => (await server.api.client(id))?.connection_state === 'connected',
    limitMs,
  )
}

/** Waits until the server shows a client as disconnected. */
export async function disconnected(server: TestServer, id: string, limitMs = RECONNECT_LIMIT_MS): Promise<void> {
  await until(
    `${id} is disconnected`,
    async () => (await server.api.client(id))?.connection_state === 'disconnected',
    limitMs,
  )
}
