import { createServer } from 'node:http'
import { afterAll, describe, expect, test } from 'vitest'
import {
  connected,
  createNetwork,
  createScope,
  disconnected,
  freePort,
  launchAgent,
  listen,
  networkMissing,
  startAgent,
  startHttpTarget,
  startServer,
  visit,
} from '../harness/index.ts'

/** A silent agent is missed after two pings of 15 s; whoever asks a frozen server waits half a minute for its first word. */
const NOTICED_WITHIN_MS = 75_000
const RETRY_AFTER_S = 3

describe('an agent is not lost', { timeout: 150_000, concurrent: true }, () => {
  const scope = createScope()
  afterAll(() => scope.close())

  test('when its machine is suspended: the server misses it, and it is back with its tunnel when it wakes up', async () => {
    const [server, page] = await Promise.all([startServer(scope), startHttpTarget(scope)])
    const agent = await startAgent(scope, server, { id: 'laptop' })
    const tunnel = await server.api.openTunnel('laptop', { remote: page.port, 'skip-idle-timeout': 1 })
    agent.program.signal('SIGSTOP')
    await disconnected(server, 'laptop', NOTICED_WITHIN_MS)
    agent.program.signal('SIGCONT')
    await agent.program.waitFor(/time has jumped|disconnected/)
    await connected(server, 'laptop')
    const id = (await server.api.client('laptop'))?.tunnels.find(({ rport }) => rport === String(page.port))?.lport
    const answer = await visit({ port: Number(id), send: 'GET / HTTP/1.0\r\n\r\n' })
    expect(answer.text).toContain('hello target')
    expect(Number(id)).toBe(tunnel.port)
  })

  test('when its server freezes: it goes to the fallback, and returns when the server thaws', async () => {
    const [main, fallback] = await Promise.all([startServer(scope), startServer(scope)])
    const agent = await startAgent(scope, main, {
      id: 'faithful',
      settings: {
        client: { fallback_servers: [`127.0.0.1:${fallback.agentPort}`], server_switchback_interval: '1s' },
        connection: { keep_alive: '1s', keep_alive_timeout: '1s' },
      },
    })
    main.program.signal('SIGSTOP')
    await agent.program.waitFor(/disconnected/, NOTICED_WITHIN_MS)
    await connected(fallback, 'faithful', NOTICED_WITHIN_MS)
    main.program.signal('SIGCONT')
    await agent.program.waitFor(/back on the main server/, NOTICED_WITHIN_MS)
    await connected(main, 'faithful')
  })

  test('when whoever answers is busy: it comes again when it was told to, not before', async () => {
    const knocks: number[] = []
    const again = Promise.withResolvers<void>()
    const busy = createServer()
    busy.on('upgrade', (_request, socket) => {
      knocks.push(performance.now())
      if (knocks.length === 2) again.resolve()
      socket.end(`HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_S}\r\nContent-Length: 0\r\n\r\n`)
    })
    const port = await listen(busy)
    scope.add(() => busy.close())
    const settings = { connection: { max_retry_interval: '1s' } }
    const agent = await launchAgent(scope, { id: 'patient', address: `127.0.0.1:${port}`, settings })
    await agent.program.waitFor(/503[\s\S]*retrying wait=3\.\d*s/)
    agent.program.signal('SIGHUP')
    await again.promise
    const [first = 0, second = 0] = knocks
    expect(second - first).toBeGreaterThanOrEqual(RETRY_AFTER_S * 1000)
    await agent.program.stop()
  })

  if (networkMissing) console.warn(`LEFT OUT: an address that swallows packets: ${networkMissing}`)

  test.skipIf(networkMissing)('when the address of its server swallows packets: the fallback has it soon', async () => {
    const network = createNetwork(scope)
    const fallback = await startServer(scope, { agentHost: network.nearAddress })
    const agent = await launchAgent(scope, {
      id: 'swallowed',
      address: `${network.silentAddress}:${await freePort()}`,
      prefix: network.onFarMachine,
      settings: { client: { fallback_servers: [`${network.nearAddress}:${fallback.agentPort}`] } },
    })
    await agent.program.waitFor(/nothing comes back from that address/)
    await connected(fallback, 'swallowed')
    await agent.program.stop()
  })
})
