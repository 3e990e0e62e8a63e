import { execFileSync } from 'node:child_process'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { ROOT, RPORT } from '../tests/harness/programs.ts'

/** What a figure means nothing without. */
export interface Machine {
  readonly measuredAt: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  /** Programs that wanted a core, on average over the minute before the run. */
  readonly loadBefore: number
  readonly versions: Readonly<Record<string, string>>
}

/** Looks at this machine and at the programs that take part. */
export function describeMachine(measuredAt: Date): Machine {
  const cores = cpus()
  return {
    measuredAt: measuredAt.toISOString(),
    processor: cores[0]?.model ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    loadBefore: loadavg()[0] ?? 0,
    versions: {
      node: process.version,
      rport: firstLine(RPORT, '--version'),
      commit: firstLine('git', '-C', ROOT, 'rev-parse', '--short', 'HEAD'),
      openssh: firstLine('sh', '-c', 'ssh -V 2>&1'),
    },
  }
}

function firstLine(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ?? ''
  } catch {
    return 'not there' // the table says so; a missing program is no reason to measure nothing
  }
}
