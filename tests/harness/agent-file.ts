import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './programs.ts'

/** The agent as one file, or why it cannot be had on this machine. */
export interface AgentFile {
  readonly path?: string
  readonly missing?: string
}

/** A registry that is slow, the first time. */
const LIMIT_MS = 360_000
/** scripts/build-agent.ts: what it is made of cannot be had. */
const EXIT_UNAVAILABLE = 3

/**
 * Builds the agent as one file for this machine, into `dist/test`.
 * @throws  Error when the build itself fails: that is a fault, not a circumstance
 */
export function buildAgentFile(): AgentFile {
  const target = `linux-${process.arch}`
  const folder = join(ROOT, 'dist', 'test')
  const args = [join(ROOT, 'scripts', 'build-agent.ts'), target, '--out', folder]
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: LIMIT_MS })
  if (done.status === 0) return { path: join(folder, `rport-${target}`) }
  const reason = done.stderr.trim() || String(done.error)
  if (done.status === EXIT_UNAVAILABLE) return { missing: reason }
  throw new Error(`building the agent as one file failed: ${reason}`)
}
