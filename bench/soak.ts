/**
 * Full load through one tunnel for as long as you like, and whether memory and descriptors of our programs stay flat.
 * `npm run bench:soak -- [--minutes 10] [--streams 8] [--out FILE]`; the exit code is 1 when they do not.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { createScope } from '../tests/harness/scope.ts'
import { prepareLoad } from './load/load.ts'
import { SOAK_FILE } from './records.ts'
import { type SoakSample, soakFaults } from './soak-faults.ts'
import { createTunnels } from './tunnels.ts'

/** One turn of load in each direction; memory is looked at between turns. */
const TURN_MS = 5000
/** Until then buffers, caches and the heap find their size. */
const WARM_SHARE = 0.3
const MS_PER_MINUTE = 60_000
const KIB = 1024

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { minutes: text, streams: text, out: text } })
const minutes = Number(values.minutes ?? '10')
const streams = Number(values.streams ?? '8')
if (!(minutes > 0 && minutes <= 1440)) throw new Error(`--minutes ${values.minutes}: above 0, up to 1440`)
if (!(Number.isInteger(streams) && streams > 0 && streams <= 64))
  throw new Error(`--streams ${values.streams}: 1 to 64`)

const scope = createScope()
process.once('SIGINT', () => void scope.close().finally(() => process.exit(130)))
try {
  const load = prepareLoad()
  const targetPort = await load.startTarget(scope)
  const { port, pids } = await createTunnels({ scope, load, targetPort, programs: {}, env: {} }).open('rport', 0)
  const samples: SoakSample[] = []
  const startedAt = performance.now()
  let gigabytes = 0
  while (performance.now() - startedAt < minutes * MS_PER_MINUTE) {
    for (const direction of ['up', 'down']) {
      const turn = createScope()
      const { bytes = 0 } = await load.visit(turn, [direction, port, streams, 0, TURN_MS, targetPort])
      await turn.close()
      gigabytes += bytes / 1e9
    }
    const atMinutes = (performance.now() - startedAt) / MS_PER_MINUTE
    const programs = pids.map((pid) => ({
      rssBytes: rssBytesOf(pid),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    }))
    samples.push({ atMinutes, programs })
    const shown = programs.map(
      ({ rssBytes, descriptors }) => `${Math.round(rssBytes / 1e6)} MB, ${descriptors} descriptors`,
    )
    process.stdout.write(`${atMinutes.toFixed(1)} min  ${gigabytes.toFixed(1)} GB  ${shown.join('   ')}\n`)
  }
  const faults = soakFaults(samples, minutes * WARM_SHARE)
  const last = samples.at(-1)?.programs.map(({ rssBytes }) => `${Math.round(rssBytes / 1e6)} MB`) ?? []
  const verdict = faults.length === 0 ? 'memory and descriptors stayed flat' : `not flat: ${faults.join('; ')}`
  const summary =
    `${streams} streams through one tunnel, up and down in turns, for ${minutes} minutes and ${gigabytes.toFixed(0)} GB ` +
    `(\`npm run bench:soak\`, ${new Date().toISOString().slice(0, 10)}): ${verdict}; at the end rportd held ${last[0]}, rport ${last[1]}.`
  mkdirSync(dirname(SOAK_FILE), { recursive: true })
  writeFileSync(SOAK_FILE, summary)
  if (values.out !== undefined) {
    writeFileSync(values.out, `${JSON.stringify({ minutes, streams, gigabytes, samples, faults })}\n`)
  }
  process.stdout.write(`${summary}\n`)
  process.exitCode = faults.length > 0 ? 1 : 0
} finally {
  await scope.close()
}

/** Memory that the process holds in pages of its own. @see proc(5) */
function rssBytesOf(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Number(kib) * KIB
}
