/**
 * Agents that come and go, and tunnels on those that are there, for as long as you like, and whether memory and descriptors of the
 * server stay flat. `npm run bench:churn -- [--minutes 60] [--agents 300]`; the exit code is 1 when they do not.
 */
import { connect, createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { listen } from '../../tests/harness/ports.ts'
import { createScope, type Scope } from '../../tests/harness/scope.ts'
import { cpuSecondsOf } from '../processor-time.ts'
import { type SoakSample, soakFaults } from '../soak-faults.ts'
import { AGENT_AUTH, type MeasuredServer, startMeasuredServer } from './measured-server.ts'
import { idOf } from './swarm.ts'
import { startSwarm } from './swarm-remote.ts'

const WIDTH = 16
/** Of the agents, so many leave and come in each turn; and so many get a tunnel. */
const LEAVING_SHARE = 0.1
const TUNNELS = 20
/** Turns between two looks at the server. */
const TURNS = 10
/** Until then caches and the heap find their size. */
const WARM_SHARE = 0.3
const MS_PER_MINUTE = 60_000

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { minutes: text, agents: text } })
const minutes = Number(values.minutes ?? '60')
const agents = Number(values.agents ?? '300')
if (!(minutes > 0 && minutes <= 1440)) throw new Error(`--minutes ${values.minutes}: above 0, up to 1440`)
if (!(Number.isInteger(agents) && agents >= TUNNELS)) throw new Error(`--agents ${values.agents}: at least ${TUNNELS}`)

const scope = createScope()
process.once('SIGINT', () => void scope.close().finally(() => process.exit(130)))
try {
  const server = await startMeasuredServer({ contender: 'rport', programs: {}, env: {}, scope })
  const swarm = startSwarm({ url: server.url, auth: AGENT_AUTH, ids: agents }, scope)
  const headers = { authorization: `Bearer ${await server.login()}` }
  const target = await startGreeter(scope)
  await swarm.join(agents, WIDTH)
  const samples: SoakSample[] = []
  const startedAt = performance.now()
  const passedMinutes = () => (performance.now() - startedAt) / MS_PER_MINUTE
  const leaving = Math.ceil(agents * LEAVING_SHARE)
  let arrived = 0
  let opened = 0
  while (passedMinutes() < minutes) {
    for (let turn = 0; turn < TURNS; turn += 1) {
      // Ids go round and the oldest leave: these are the next `leaving` ones, and the others stay.
      const first = arrived % agents
      await swarm.leave(leaving)
      await swarm.join(leaving, WIDTH)
      arrived += leaving
      for (let index = 0; index < TUNNELS; index += 1) {
        await useTunnel(server, idOf(1 + ((first + index) % agents)), target, headers)
        opened += 1
      }
    }
    const { memoryBytes, descriptors } = await server.settledFacts()
    samples.push({ atMinutes: passedMinutes(), programs: [{ rssBytes: memoryBytes, descriptors }] })
    process.stdout.write(
      `${passedMinutes().toFixed(1)} min  ${arrived} arrivals  ${opened} tunnels  ${Math.round(memoryBytes / 1e6)} MB  ` +
        `${descriptors} descriptors  ${cpuSecondsOf([server.pid]).toFixed(0)} s of processor\n`,
    )
  }
  const faults = soakFaults(samples, minutes * WARM_SHARE)
  process.stdout.write(
    faults.length === 0 ? 'memory and descriptors stayed flat\n' : `not flat: ${faults.join('; ')}\n`,
  )
  process.exitCode = faults.length > 0 ? 1 : 0
} finally {
  await scope.close()
}

/** Opens a tunnel, hears the greeting of its target through it, closes it. */
async function useTunnel(
  server: MeasuredServer,
  clientId: string,
  targetPort: number,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const tunnels = `${server.apiUrl}/clients/${clientId}/tunnels`
  const reply = await fetch(`${tunnels}?remote=127.0.0.1:${targetPort}&acl=127.0.0.1`, { method: 'PUT', headers })
  if (!reply.ok) throw new Error(`no tunnel on ${clientId}: ${reply.status} ${await reply.text()}`)
  const { data } = (await reply.json()) as { data: { id: string; lport: string } }
  await new Promise<void>((resolve, reject) => {
    const visitor = connect(Number(data.lport), '127.0.0.1')
    visitor.on('error', reject)
    visitor.on('end', resolve)
    visitor.resume()
  })
  const closed = await fetch(`${tunnels}/${data.id}?force=1`, { method: 'DELETE', headers })
  await closed.arrayBuffer()
}

function startGreeter(owner: Scope): Promise<number> {
  const greeter = createServer((socket) => socket.on('error', () => socket.destroy()).end('hello\n'))
  owner.add(() => greeter.close())
  return listen(greeter)
}
