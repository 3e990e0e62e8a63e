import { afterAll, beforeAll, describe, test } from 'vitest'
import {
  type CuttingProxy,
  connected,
  createNetwork,
  createScope,
  disconnected,
  freeTunnelPort,
  networkMissing,
  openVisit,
  startAgent,
  startCuttingProxy,
  startHoldTarget,
  startHttpTarget,
  startServer,
  type Target,
  type TestServer,
  until,
  visit,
} from '../harness/index.ts'

/** Both programs ping every 15 s and give a silent link up after two pings; then the agent comes back. */
const SILENCE_LIMIT_MS = 75_000
const STORY_LIMIT_MS = 150_000

describe('a line that breaks', { timeout: STORY_LIMIT_MS }, () => {
  const scope = createScope()
  let server: TestServer
  let line: CuttingProxy
  let page: Target
  let port: number
  const machine = 'far-away'

  beforeAll(async () => {
    page = await startHttpTarget(scope)
    server = await startServer(scope)
    line = await startCuttingProxy(scope, server.agentPort)
    await startAgent(scope, server, { id: machine, address: `127.0.0.1:${line.port}` })
    port = (
      await server.api.openTunnel(machine, { local: await freeTunnelPort(), remote: page.port, 'skip-idle-timeout': 1 })
    ).port
  })
  afterAll(() => scope.close())

  test.each(['cut', 'reset'] as const)('after a %s the agent is back and the tunnel on its port', async (how) => {
    const hold = await startHoldTarget(scope)
    const other = await server.api.openTunnel(machine, { remote: hold.port })
    const visitor = await openVisit(other.port)
    await visitor.receives('hold\n')
    const before = line.lineCount
    line[how]()
    await visitor.closed
    await until('the agent dials again', () => line.lineCount > before, 30_000)
    await connected(server, machine)
    await theTunnelWorks()
  })

  test('a line with half a second of delay carries a tunnel', async () => {
    line.delay(500)
    await theTunnelWorks()
    line.delay(0)
  })

  test('a line that falls silent is given up by the agent, who comes back on a new one', async () => {
    const before = line.lineCount
    line.swallow()
    await until('the agent dials again', () => line.lineCount > before, SILENCE_LIMIT_MS)
    await connected(server, machine)
    await theTunnelWorks()
  })

  /** For a moment after the agent is back, the old line may still be the one that visitors are led through. */
  async function theTunnelWorks(): Promise<void> {
    await until('the tunnel works', async () => {
      const answer = await visit({ port, send: 'GET / HTTP/1.0\r\n\r\n', limitMs: 3000 })
      return answer.text.includes('hello target')
    })
  }
})

if (networkMissing) console.warn(`LEFT OUT: a network that swallows packets: ${networkMissing}`)

describe.skipIf(networkMissing)('a network that swallows packets', { timeout: STORY_LIMIT_MS }, () => {
  test('the server notices, and the agent is back soon after the network is', async () => {
    const scope = createScope()
    try {
      const network = createNetwork(scope)
      const server = await startServer(scope, { agentHost: network.nearAddress })
      await startAgent(scope, server, {
        id: 'behind-a-router',
        address: `${network.nearAddress}:${server.agentPort}`,
        prefix: network.onFarMachine,
      })
      network.blackHole()
      await disconnected(server, 'behind-a-router', SILENCE_LIMIT_MS)
      network.resume()
      await connected(server, 'behind-a-router', SILENCE_LIMIT_MS)
    } finally {
      await scope.close()
    }
  })
})
