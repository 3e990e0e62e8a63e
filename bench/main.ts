/**
 * `npm run bench`: measures our tunnels, fleets and lists beside others in the same run. README.md says how to read it.
 */
import { createScope } from '../tests/harness/scope.ts'
import { type BenchOptions, parseBenchArguments, USAGE } from './arguments.ts'
import { CONTENDERS } from './contenders/index.ts'
import type { Line } from './line.ts'
import { LINES } from './lines/index.ts'
import { prepareLoad } from './load/load.ts'
import { describeMachine } from './machine.ts'
import { createProfiles, type Profiles } from './profiles.ts'
import { writePage, writeRun } from './records.ts'
import { type LineResult, runLines, type SharedContext } from './run-lines.ts'
import { OURS, textTable } from './table.ts'
import { createTunnels } from './tunnels.ts'

async function main(): Promise<void> {
  const options = parseBenchArguments(process.argv.slice(2))
  if (options.isHelp) return say(USAGE)
  const lines = chosen(options.only)
  if (options.isList) return say(lines.map(({ name, title }) => `${name.padEnd(24)} ${title}`).join('\n'))
  const machine = describeMachine(new Date())
  const results = await measure(lines, options)
  const measured = results.map((result) => ({ machine, rounds: options.rounds, result }))
  const files = [writeRun(measured, options.out), ...(options.isWrite ? [writePage(measured)] : [])]
  say(`\n${machine.cores} cores of ${machine.processor}, ${machine.system}, node ${machine.versions['node']}`)
  say(`\n${textTable(results)}\n\n${files.join('\n')}`)
  const failures = results.flatMap(({ line, contenders }) =>
    contenders.flatMap(({ contender, failures: texts }) => texts.map((text) => `${line.name}, ${contender}: ${text}`)),
  )
  if (!isPresent('openssh-r', {}))
    say('LEFT OUT  OpenSSH (Debian packages openssh-server and openssh-client): no yardstick')
  for (const failure of failures) say(`FAILED  ${failure}`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

function chosen(only: readonly string[]): Line[] {
  const strange = only.filter((name) => !LINES.some((line) => line.name.startsWith(name)))
  if (strange.length > 0) throw new Error(`no line begins with ${strange.join(' or ')}; --list names them all`)
  return LINES.filter(({ name }) => only.length === 0 || only.some((beginning) => name.startsWith(beginning)))
}

async function measure(lines: readonly Line[], options: BenchOptions): Promise<LineResult[]> {
  const { programs, isQuick, profileDir, connectors } = options
  const scope = createScope()
  const stop = () => void scope.close().finally(() => process.exit(130))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    const load = prepareLoad()
    const targetPort = await load.startTarget(scope)
    const shared = { isQuick, programs, load, targetPort }
    const env = connectors === 0 ? {} : { RPORT_SERVER_CONNECTORS: String(connectors) }
    const tunnels = createTunnels({ ...shared, scope, env })
    const profiles = profileDir === undefined ? undefined : createProfiles(profileDir)
    return await runLines(lines, {
      // A profile shows where time goes, not how much: once, and of ours alone.
      rounds: profiles ? 1 : options.rounds,
      isPresent: (name) => (profiles ? name === OURS : isPresent(name, programs)),
      prepare: (line, use) =>
        profiles ? profiled(line, shared, { profiles, env }, use) : use({ ...shared, tunnels, env }),
      onStep: (text) => process.stderr.write(`${text}\n`),
    })
  } finally {
    await scope.close()
  }
}

/** A contender that only one line knows is always there. */
const isPresent = (name: string, programs: BenchOptions['programs']): boolean =>
  CONTENDERS.find((contender) => contender.name === name)?.isPresent(programs) ?? true

/** Our programs start anew for the line, so that a profile tells of it alone. */
async function profiled<T>(
  line: Line,
  shared: Omit<SharedContext, 'tunnels' | 'env'>,
  { profiles, env: usual }: { profiles: Profiles; env: Readonly<Record<string, string>> },
  use: (context: SharedContext) => Promise<T>,
): Promise<T> {
  const scope = createScope()
  const env = { ...usual, ...profiles.envFor(line.name) }
  const tunnels = createTunnels({ ...shared, scope, env })
  let fromUs = 0
  const open: SharedContext['tunnels']['open'] = async (...words) => {
    const tunnel = await tunnels.open(...words)
    fromUs ||= Number(process.hrtime.bigint() / 1000n)
    return tunnel
  }
  try {
    return await use({ ...shared, env, tunnels: { open } })
  } finally {
    await scope.close()
    profiles.collect(line.name, fromUs)
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main()
