/**
 * `npm run check`: everything that a program can say about the code without running it, in parallel, in under a minute.
 * Prints the output of what failed and one line for each check. `npm run check -- types lint` runs only those.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

interface Check {
  readonly name: string
  /** What it is for, shown beside a failure. */
  readonly what: string
  /** Script and arguments, from the root of the repository. */
  readonly command: readonly string[]
}

interface Outcome {
  readonly check: Check
  readonly isOk: boolean
  readonly output: string
  readonly durationMs: number
}

const DEADLINE_MS = 120_000
/** Tools that would otherwise ask the network about themselves. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_UPDATE_NOTIFIER: '1' }
const root = join(import.meta.dirname, '..')

// The slow ones first: they decide how long the whole takes.
const CHECKS: readonly Check[] = [
  { name: 'types', what: 'TypeScript, as strict as it goes', command: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  {
    name: 'lint',
    what: 'lint and format; "npm run format" mends most of it',
    command: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
  },
  {
    name: 'imports',
    what: 'who may import whom: ARCHITECTURE.md',
    command: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs']
      .concat('--config', '.dependency-cruiser.cjs', '--output-type', 'err-long')
      .concat('apps', 'packages', 'tests', 'scripts', 'bench'),
  },
  {
    name: 'dead code',
    what: 'files, exports and dependencies that nobody uses',
    command: ['node_modules/knip/bin/knip.js'],
  },
  { name: 'licences', what: 'licences and advisories of what we ship', command: ['scripts/check-licences.ts'] },
  {
    name: 'generated',
    what: 'generated files in step; "npm run gen" writes them',
    command: ['scripts/gen.ts', '--check'],
  },
  {
    name: 'openapi',
    what: 'docs/openapi.json as OpenAPI 3.1; rules in redocly.yaml',
    command: ['node_modules/@redocly/cli/bin/cli.js', 'lint', 'docs/openapi.json'],
  },
  { name: 'docs', what: 'links, decisions, openings of folders', command: ['scripts/check-docs.ts'] },
]

async function main(): Promise<void> {
  const wanted = process.argv.slice(2)
  const unknown = wanted.filter((name) => !CHECKS.some((check) => check.name === name))
  if (unknown.length > 0)
    throw new Error(`no such check: ${unknown.join(', ')}; there are ${CHECKS.map((check) => check.name).join(', ')}`)
  const startedAt = performance.now()
  const outcomes = await runAll(CHECKS.filter((check) => wanted.length === 0 || wanted.includes(check.name)))
  for (const { check, isOk, output } of outcomes)
    if (!isOk) console.log(`\n── ${check.name}: ${check.what}\n${output.trim()}`)
  console.log('')
  for (const { check, isOk, durationMs } of outcomes) {
    console.log(`${isOk ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(10)} ${seconds(durationMs)}`)
  }
  const failed = outcomes.filter(({ isOk }) => !isOk).length
  console.log(
    `${failed === 0 ? 'all checks passed' : `${failed} of ${outcomes.length} checks failed`} in ${seconds(performance.now() - startedAt)}`,
  )
  process.exitCode = failed === 0 ? 0 : 1
}

/** As many at once as there are cores, in order. */
async function runAll(checks: readonly Check[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const queue = [...checks.entries()]
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) outcomes[next[0]] = await run(next[1])
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker))
  return outcomes
}

function run(check: Check): Promise<Outcome> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, check.command, {
    cwd: root,
    env: { ...process.env, ...QUIET, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal) chunks.push(Buffer.from(`\nended by ${signal} after ${seconds(performance.now() - startedAt)}`))
      const output = Buffer.concat(chunks).toString()
      resolve({ check, isOk: code === 0, output, durationMs: performance.now() - startedAt })
    })
  })
}

const seconds = (durationMs: number): string => `${(durationMs / 1000).toFixed(1)} s`

await main()
