'use strict'
// `npm test`: installs, provides what the tests need, runs the checks and every suite, and says the sum in the last line.
// Arguments are handed to vitest: `npm test -- tunnels` runs the tests whose path says so.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ensureInstalled, root, runtime } = require('./install.cjs')
const { say } = require('./lib/say.cjs')
const { countSuite, sum, totalLine } = require('./lib/test-totals.cjs')
const { provideTools } = require('./lib/test-tools.cjs')

const MINUTE_MS = 60_000
/** One after the other: integration and compat start real programs and want the machine for themselves. */
const SUITES = [
  { project: 'unit', deadlineMs: 9 * MINUTE_MS },
  { project: 'integration', deadlineMs: 15 * MINUTE_MS },
  { project: 'compat', deadlineMs: 4 * MINUTE_MS },
]
const CHECK_DEADLINE_MS = 3 * MINUTE_MS

async function main() {
  ensureInstalled()
  provideTools()
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rport-test-'))
  try {
    const results = [await runChecks()]
    for (const suite of SUITES) results.push(await runSuite(suite, scratch))
    const total = sum(results)
    process.stdout.write(`\n${totalLine(total)}\n`)
    process.exitCode = total.failed > 0 ? 1 : 0
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

/** A failed check counts as one failed test; the suites run all the same, so that one run tells everything. */
async function runChecks() {
  say('\nrport: checks')
  const code = await run(['scripts/check.ts'], CHECK_DEADLINE_MS)
  return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

async function runSuite({ project, deadlineMs }, scratch) {
  say(`\nrport: ${project} tests`)
  const file = path.join(scratch, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters]
  // With a filter most suites have nothing to do; without one, an empty suite is a fault.
  const filter = process.argv.slice(2)
  const code = await run([...args, ...filter, ...(filter.length > 0 ? ['--passWithNoTests'] : [])], deadlineMs)
  const report = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined
  return countSuite(report, code)
}

/** Runs a script on our runtime in a process group of its own, which is ended as a whole when it takes too long. */
function run(args, deadlineMs) {
  const bin = path.dirname(runtime)
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` }
  const child = spawn(runtime, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // gone already
    }
  }
  const onSignal = (signal) => {
    kill()
    process.exit(128 + os.constants.signals[signal])
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal)
  const timer = setTimeout(() => {
    say(`rport: given up after ${deadlineMs / MINUTE_MS} minutes`)
    kill()
  }, deadlineMs)
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('exit', (code) => resolve(code ?? 1))
  }).finally(() => {
    clearTimeout(timer)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, onSignal)
  })
}

main().catch((error) => {
  say(`rport: the test run itself failed: ${error.stack}`)
  process.stdout.write('0 passed, 1 failed\n')
  process.exitCode = 1
})
