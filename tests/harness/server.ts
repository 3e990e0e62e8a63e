import { type Api, createApi } from './api-client.ts'
import { until } from './deadline.ts'
import { TUNNEL_PORTS } from './ports.ts'
import { type Program, startProgram } from './program.ts'
import { RPORTD } from './programs.ts'
import type { Scope } from './scope.ts'
import { createServerFolder } from './server-folder.ts'
import { mergeSettings, type Settings } from './toml.ts'

/** The seed of every test server, and the fingerprint that follows from it (a published test vector). */
export const KEY_SEED = 'test'
export const FINGERPRINT = 'aa:0d:c9:17:67:75:6f:a6:ec:49:65:d4:0f:eb:92:01'
/** What agents of a test server log in with. */
export const AGENT_AUTH = 'test-agents:agent-password-1'
/** The administrator of a test server. */
export const ADMIN = { user: 'admin', password: 'admin-password-for-tests-1' }

export interface ServerOptions {
  /** Keys that differ from the usual test server. */
  settings?: Settings
  /** Address agents dial; the loopback address unless a test needs another. */
  agentHost?: string
  /** Another program that takes the same configuration file. */
  command?: string
  /** Variables beside those of the test run. */
  env?: Readonly<Record<string, string>>
}

/** A running rportd that can be stopped, killed and started again on the same folder and ports. */
export interface TestServer {
  readonly api: Api
  readonly agentHost: string
  readonly agentPort: number
  readonly apiPort: number
  readonly folder: string
  readonly dataDir: string
  /** The process of now; another one after `restart`. */
  readonly program: Program
  /** Starts a process on the same configuration after `program.stop()` or `program.kill()`. */
  start(): Promise<void>
}

/** Starts rportd and waits until its API answers; the scope ends it. */
export async function startServer(scope: Scope, options: ServerOptions = {}): Promise<TestServer> {
  const usual = {
    server: {
      key_seed: KEY_SEED,
      auth: AGENT_AUTH,
      max_concurrent_ssh_handshakes: 8,
      used_ports: [TUNNEL_PORTS],
    },
    logging: { log_level: 'debug' },
    api: { auth: `${ADMIN.user}:${ADMIN.password}` },
  }
  const { agentHost = '127.0.0.1' } = options
  const settings = mergeSettings(usual, options.settings ?? {})
  const { folder, dataDir, config, agentPort, apiPort } = await createServerFolder(scope, { settings, agentHost })
  const api = createApi({ baseUrl: `http://127.0.0.1:${apiPort}`, ...ADMIN })
  const launch = async () => {
    const program = startProgram(scope, {
      name: 'rportd',
      command: options.command ?? RPORTD,
      args: ['-c', config],
      cwd: folder,
      ...(options.env ? { env: { ...process.env, ...options.env } } : {}),
    })
    await until('the API answers', async () => {
      if (program.hasExited) return 'ended'
      return (await api.get('/api/v1/status')).status === 200
    })
    if (program.hasExited) throw new Error(`rportd ended at its start:\n${program.output.slice(-4000)}`)
    return program
  }
  let program = await launch()
  return {
    api,
    agentHost,
    agentPort,
    apiPort,
    folder,
    dataDir,
    get program() {
      return program
    },
    async start() {
      program = await launch()
    },
  }
}
