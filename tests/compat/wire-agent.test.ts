import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createScope,
  describeWithGo,
  freePort,
  type GoPeer,
  type GoServerOptions,
  KEY_SEED,
  launchAgent,
  openVisit,
  type PeerEvent,
  type Scope,
  type Settings,
  startCuttingProxy,
  startGoServer,
  startHoldTarget,
  startHttpTarget,
  type Target,
  visit,
} from '../harness/index.ts'
import type { Variables } from './replay/replay.mjs'
import { differences } from './wire-recording.ts'

const REQUEST = 'GET / HTTP/1.0\r\n\r\n'
/** Agents wait up to ten seconds between login and registration, and five before they come back. */
const LIMIT_MS = 40_000

describeWithGo('our agent says to a server of the field what the original said', { timeout: 90_000 }, () => {
  let scope: Scope
  let http: Target
  let hold: Target
  let closedPort: number

  beforeEach(async () => {
    scope = createScope()
    http = await startHttpTarget(scope)
    hold = await startHoldTarget(scope)
    closedPort = await freePort()
  })
  afterEach(() => scope.close())

  const serve = (options: Partial<GoServerOptions> = {}) =>
    startGoServer(scope, { auth: 'wire-cred:wire-pw-1', seed: KEY_SEED, traceData: true, ...options })

  const launch = (port: number, settings: Settings = {}) =>
    launchAgent(scope, {
      id: 'wire-a',
      address: `127.0.0.1:${port}`,
      settings: {
        ...settings,
        client: {
          auth: 'wire-cred:wire-pw-1',
          name: 'Wire wire-a',
          tags: ['wire', 'one'],
          ...settings['client'],
        },
        connection: { keep_alive: '20s', ...settings['connection'] },
      },
    })

  /** Server and agent that found each other, and a way to see only what came after that. */
  async function join(settings: Settings = {}) {
    const server = await serve()
    await launch(server.port, settings)
    await server.waitFor({ name: 'put_capabilities' }, LIMIT_MS)
    const from = server.events.length
    return { server, later: () => server.events.slice(from) }
  }

  const ask = (server: GoPeer, name: string, question: object) =>
    server.command({ do: 'request', name, payload: JSON.stringify(question) })

  /** What a server asks before it opens a tunnel. */
  async function askForTunnel(server: GoPeer, port: number, checkPort = true): Promise<void> {
    const target = `127.0.0.1:${port}`
    await ask(server, 'check_tunnel_allowed', { Remote: target })
    if (checkPort) await ask(server, 'check_port', { HostPort: target, Timeout: 1_000_000_000 })
  }

  async function openTunnel(server: GoPeer, port: number): Promise<number> {
    return (await server.command({ do: 'tunnel', target: `127.0.0.1:${port}` })).port ?? 0
  }

  const check = (scenario: string, seen: readonly PeerEvent[], conn?: number) => {
    const variables: Variables = {
      'port:target_http': String(http.port),
      'port:target_hold': String(hold.port),
      'port:closed': String(closedPort),
    }
    const sender = 'agent->server'
    expect(differences({ scenario, sender, seen, variables, ...(conn === undefined ? {} : { conn }) })).toEqual([])
  }

  test('connect', async () => {
    const { server } = await join({ 'client.labels': { city: 'Cologne' } })
    check('connect', server.events)
  })

  test('static-remote', async () => {
    const server = await serve()
    await launchAgent(scope, {
      id: 'wire-static',
      address: `127.0.0.1:${server.port}`,
      settings: {
        client: {
          auth: 'wire-cred:wire-pw-1',
          name: 'Wire wire-static',
          tags: [],
          remotes: [`21220:127.0.0.1:${http.port}`, `127.0.0.1:${hold.port}`],
        },
        connection: { keep_alive: '0s' },
      },
    })
    await server.waitFor({ name: 'put_capabilities' }, LIMIT_MS)
    expect((await visit({ port: 21_220, send: REQUEST })).text).toContain('hello target')
    await server.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('static-remote', server.events)
  })

  test('refused-auth', async () => {
    const server = await serve()
    await launch(server.port, { client: { auth: 'wire-cred:wrong-pw' } })
    await server.waitFor({ event: 'closed', conn: 1 }, LIMIT_MS)
    check('refused-auth', server.find({ conn: 1 }))
  })

  test('wrong-fingerprint: the line ends before any login', async () => {
    const server = await serve({ seed: 'another key' })
    await launch(server.port)
    await server.waitFor({ event: 'closed', conn: 1 }, LIMIT_MS)
    check('wrong-fingerprint', server.find({ conn: 1 }))
  })

  test('refused-already-connected: the agent ends the line', async () => {
    const server = await serve({ refuse: 'client is already connected: Wire wire-a [wire-a]' })
    await launch(server.port, { client: { name: 'Second', tags: [] } })
    await server.waitFor({ event: 'closed', conn: 1 }, LIMIT_MS)
    expect(server.find({ conn: 1, kind: 'reply', name: 'new_connection' })).toMatchObject([{ ok: false }])
  })

  test('ping-agent', async () => {
    const { server, later } = await join({ connection: { keep_alive: '1s' } })
    await server.waitFor({ kind: 'reply', name: 'ping' })
    check('ping-agent', later().slice(0, 2))
  })

  test('ping-server', async () => {
    const { server, later } = await join({ connection: { keep_alive: '0s' } })
    await server.command({ do: 'request', name: 'ping' })
    check('ping-server', later())
  })

  test('unknown-request', async () => {
    const { server, later } = await join()
    await server.command({ do: 'request', name: 'no_such_request' })
    check('unknown-request', later())
  })

  test('tunnel-tcp', async () => {
    const { server, later } = await join()
    await askForTunnel(server, http.port)
    expect((await visit({ port: await openTunnel(server, http.port), send: REQUEST })).text).toContain('hello target')
    await server.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('tunnel-tcp', later())
  })

  test('tunnel-tcp-client-closes', async () => {
    const { server, later } = await join()
    await askForTunnel(server, hold.port)
    const visitor = await openVisit(await openTunnel(server, hold.port))
    await visitor.receives('hold\n')
    visitor.socket.end('bye\n')
    await server.waitFor({ kind: 'channel-close', dir: 'agent->server' })
    check('tunnel-tcp-client-closes', later())
  })

  test('tunnel-tcp-target-closed', async () => {
    const { server, later } = await join()
    await askForTunnel(server, closedPort, false)
    expect(await visit({ port: await openTunnel(server, closedPort) })).toEqual({ text: '' })
    await server.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    check('tunnel-tcp-target-closed', later())
  })

  test('check-port-closed', async () => {
    const { server, later } = await join()
    await askForTunnel(server, closedPort)
    check('check-port-closed', later())
  })

  test('reconnect, with the same session', async () => {
    const server = await serve()
    const line = await startCuttingProxy(scope, server.port)
    await launch(line.port, { 'client.labels': { city: 'Cologne' } })
    await server.waitFor({ name: 'put_capabilities', conn: 1 }, LIMIT_MS)
    line.cut()
    await server.waitFor({ name: 'put_capabilities', conn: 2 }, LIMIT_MS)
    check('reconnect', server.find({ conn: 2 }), 2)
  })

  test('agent-stops: the line ends', async () => {
    const server = await serve()
    const agent = await launch(server.port)
    await server.waitFor({ name: 'put_capabilities' }, LIMIT_MS)
    await agent.program.stop()
    await server.waitFor({ event: 'closed', conn: 1 })
  })
})
