/**
 * What an agent takes from its machine that does nothing but stay connected for a minute: memory, processor time, threads;
 * beside it the size of its file and the time of a start. Every build runs at the same server in the same run.
 * Run: `node bench/agent-footprint.ts [name=command ...]`; without arguments the npm way and dist/rport-linux-<arch>, when built.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  connected,
  createScope,
  launchAgent,
  ROOT,
  RPORT,
  startServer,
  type TestAgent,
} from '../tests/harness/index.ts'

const IDLE_MS = 60_000
const STARTS = 15

interface Build {
  readonly name: string
  readonly command: string
}

function builds(): Build[] {
  const named = process.argv.slice(2).map((word) => {
    const [name = '', command = ''] = word.split('=', 2)
    return { name, command }
  })
  if (named.length > 0) return named
  const file = join(ROOT, 'dist', `rport-linux-${process.arch}`)
  const known = { name: 'npm', command: RPORT }
  return existsSync(file) ? [known, { name: 'one-file', command: file }] : [known]
}

/** Milliseconds from the start of a process to the end of `--version`: the best of some, which says what the rest waits for. */
function startMs(command: string): number {
  const times = Array.from({ length: STARTS }, () => {
    const startedAt = performance.now()
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return performance.now() - startedAt
  })
  return Math.min(...times)
}

/** The kernel's figures, in units of 1024 bytes. @see proc_pid_smaps(5) */
function memory(pid: number): Map<string, number> {
  const lines = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1').matchAll(/^(\w+): +(\d+) kB$/gm)
  return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]))
}

/** Processor time so far, in ms; the kernel counts in hundredths of a second. */
function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

const scope = createScope()
try {
  const server = await startServer(scope)
  const agents: { build: Build; agent: TestAgent }[] = []
  for (const build of builds()) {
    const { name: id, command } = build
    const agent = await launchAgent(scope, { id, command, address: `127.0.0.1:${server.agentPort}` })
    await connected(server, id)
    agents.push({ build, agent })
  }
  const before = agents.map(({ agent }) => processorMs(agent.program.pid))
  await wait(IDLE_MS)
  const rows = agents.map(({ build, agent }, index) => {
    const { pid } = agent.program
    const used = memory(pid)
    const megabytes = (name: string) => Number(((used.get(name) ?? 0) * 1.024e-3).toFixed(1))
    return {
      build: build.name,
      'file MB': Number((statSync(build.command).size / 1e6).toFixed(0)),
      'RSS MB': megabytes('Rss'),
      'PSS MB': megabytes('Pss'),
      'anonymous MB': megabytes('Anonymous'),
      threads: readdirSync(`/proc/${pid}/task`).length,
      'idle ms/min': processorMs(pid) - (before[index] ?? 0),
      'start ms': Number(startMs(build.command).toFixed(0)),
    }
  })
  console.table(rows)
} finally {
  await scope.close()
}
