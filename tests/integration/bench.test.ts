import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createScope, ROOT, type RunResult, run } from '../harness/index.ts'

const MAIN = resolve(ROOT, 'bench/main.ts')
/** Three lines take some seconds on a quiet machine, and much longer beside other stories. */
const LIMIT_MS = 110_000
/** The bench compiles the program that makes load; what it measures with is for Linux. */
const canMeasure = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0

// Figures are for quiet machines and people: here it only counts that they come to be.
describe.runIf(canMeasure)('npm run bench', { timeout: LIMIT_MS }, () => {
  const scope = createScope()
  let result: RunResult
  let file: string
  let profiles: string
  const bench = (...args: readonly string[]) =>
    run(scope, { name: 'bench', command: process.execPath, args: [MAIN, ...args], limitMs: LIMIT_MS })

  beforeAll(async () => {
    const folder = await scope.folder('bench')
    file = join(folder, 'result.json')
    profiles = join(folder, 'profiles')
    result = await bench('--quick', '--rounds', '1', '--only', 'one-stream,ping,far-first-byte', '--out', file)
  })
  afterAll(() => scope.close())

  test('prints a table in which our tunnel stands beside the bare loopback', () => {
    expect(result.code, result.output).toBe(0)
    expect(result.stdout).toMatch(/one-stream: up +MB\/s +\d.*loopback \d/)
    expect(result.stdout).toMatch(/ping: p50 +µs +\d.*loopback \d/)
  })

  test('writes the same as JSON, with the machine it was measured on', async () => {
    const report = JSON.parse(await readFile(file, 'utf8'))
    expect(report.machine.versions.node).toBe(process.version)
    const far = report.rows.find((row: { figure: { key: string } }) => row.figure.key === 'trips')
    // A line of 100 ms that lies between the two ends, and nowhere else, cannot be beaten.
    expect(far.ours).toBeGreaterThanOrEqual(1)
    expect(far.others.loopback).toBeGreaterThanOrEqual(1)
  })

  test('leaves profiles of both programs when it is asked to, with what took their time', async () => {
    const { code, output } = await bench('--quick', '--only', 'ping', '--profile', profiles)
    expect(code, output).toBe(0)
    const spots = await readFile(join(profiles, 'ping/hot-spots.txt'), 'utf8')
    expect(spots).toMatch(/^rportd-\d$/m)
    expect(spots).toMatch(/^rport-\d$/m)
  })

  test('refuses a line that does not exist', async () => {
    const { code, output } = await bench('--only', 'moonlight')
    expect(code).not.toBe(0)
    expect(output).toContain('no line begins with moonlight')
  })
})
