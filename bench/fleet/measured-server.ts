import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from '../../tests/harness/ports.ts'
import { ROOT } from '../../tests/harness/programs.ts'
import { mergeSettings, type Settings, toToml } from '../../tests/harness/toml.ts'
import type { LineContext } from '../line.ts'
import { type ProcessFacts, processFacts } from './process-facts.ts'

/** What the agents of the swarm log in with. */
export const AGENT_AUTH = { id: 'swarm', password: 'swarm-password-1' }
const ADMIN = { user: 'admin', password: 'admin-password-for-the-bench-1' }
const START_TIMEOUT_MS = 60_000
/** Pages that the collector gave up are returned to the kernel by a thread of the runtime, a little later. */
const SETTLE_MS = 1500

/** A server in a process of its own: ours, or the Go original when the line's contender says so. */
export interface MeasuredServer {
  /** For agents. */
  readonly url: string
  readonly apiUrl: string
  /** Of the process of now. */
  readonly pid: number
  /** Facts after the garbage is collected, where the server can be told to. */
  settledFacts(): Promise<ProcessFacts>
  /** Opens a session of an administrator. @returns its token */
  login(): Promise<string>
  /** `kill -9` */
  kill(): Promise<void>
  /** Starts a process on the same folder and ports, after `kill`. Resolves when its API answers. */
  start(): Promise<void>
}

/**
 * Starts a server on a folder of its own; the scope ends it.
 * @param prepare  may put something into the data folder before the start
 */
export async function startMeasuredServer(
  { contender, programs, scope, env }: Pick<LineContext, 'contender' | 'programs' | 'scope' | 'env'>,
  options: { settings?: Settings; prepare?: (dataDir: string) => Promise<void> } = {},
): Promise<MeasuredServer> {
  const folder = await scope.folder('fleet')
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o700 })
  await options.prepare?.(dataDir)
  const [agentPort = 0, apiPort = 0] = await freePorts(2)
  const usual = {
    server: {
      address: `127.0.0.1:${agentPort}`,
      key_seed: 'bench',
      auth: `${AGENT_AUTH.id}:${AGENT_AUTH.password}`,
      auth_multiuse_creds: true,
      data_dir: dataDir,
      allow_root: true,
    },
    logging: { log_level: 'error' },
    api: { address: `127.0.0.1:${apiPort}`, auth: `${ADMIN.user}:${ADMIN.password}`, jwt_secret: 'bench'.repeat(8) },
  }
  const file = join(folder, 'rportd.conf')
  await writeFile(file, toToml(mergeSettings(usual, options.settings ?? {})), { mode: 0o600 })
  const apiUrl = `http://127.0.0.1:${apiPort}/api/v1`
  const authorization = `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString('base64')}`
  const launch = () => {
    if (contender === 'go-rport') return spawn(programs['go-rportd'] ?? '', ['-c', file], { stdio: 'ignore' })
    return fork(join(ROOT, 'apps/server/src/main.ts'), ['-c', file], {
      execArgv: ['--import', join(import.meta.dirname, 'collectable.ts')],
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }
  let child: ChildProcess
  const start = async () => {
    child = launch()
    const deadlineAt = Date.now() + START_TIMEOUT_MS
    while (!(await answers(`${apiUrl}/status`, authorization))) {
      if (child.exitCode !== null || Date.now() > deadlineAt) throw new Error(`${contender} did not start`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  scope.add(() => end('SIGTERM'))
  await start()
  return {
    url: `ws://127.0.0.1:${agentPort}`,
    apiUrl,
    get pid() {
      return child.pid ?? -1
    },
    async settledFacts() {
      if (child.connected) {
        const collected = once(child, 'message')
        child.send('collect')
        await collected
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      return processFacts(child.pid ?? -1)
    },
    async login() {
      const reply = await fetch(`${apiUrl}/login?token-lifetime=3600`, { headers: { authorization } })
      const { data } = (await reply.json()) as { data: { token: string } }
      return data.token
    },
    kill: () => end('SIGKILL'),
    start,
  }
}

async function answers(url: string, authorization: string): Promise<boolean> {
  const reply = await fetch(url, { headers: { authorization } }).catch(() => undefined)
  await reply?.arrayBuffer()
  return reply?.ok ?? false
}
