import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  createScope,
  describeWithGo,
  FINGERPRINT,
  type GoPeer,
  type GoServerOptions,
  KEY_SEED,
  launchAgent,
  openVisit,
  type Scope,
  type Settings,
  startCuttingProxy,
  startEchoTarget,
  startEndlessTarget,
  startGoServer,
  startHoldTarget,
  startTransferTarget,
  type TestAgent,
  transfer,
  until,
  visit,
} from '../harness/index.ts'

const MEGABYTE = 1024 * 1024
/** Agents wait up to ten seconds between login and registration. */
const REGISTRATION_LIMIT_MS = 25_000

describeWithGo("our agent at a server on the field's own libraries", () => {
  let scope: Scope
  beforeEach(() => {
    scope = createScope()
  })
  afterEach(() => scope.close())

  const serve = (options: Partial<GoServerOptions> = {}) =>
    startGoServer(scope, { auth: AGENT_AUTH, seed: KEY_SEED, ...options })

  const launch = (port: number, settings: Settings = {}): Promise<TestAgent> =>
    launchAgent(scope, { id: 'ours', address: `127.0.0.1:${port}`, settings })

  const registered = (server: GoPeer, conn = 1) =>
    server.waitFor({ event: 'registered', conn, ok: true }, REGISTRATION_LIMIT_MS)

  test('logs in as an agent of the field does and keeps its password out of the registration', async () => {
    const server = await serve()
    await launch(server.port)
    await registered(server)
    const upgrade = server.find({ kind: 'http-upgrade' })
    expect(upgrade).toMatchObject([{ name: 'GET /', headers: { 'Sec-Websocket-Protocol': 'rport-v1' } }])
    expect(server.find({ kind: 'ssh-ident', dir: 'agent->server' })).toMatchObject([{ name: 'SSH-rport-v1-client' }])
    expect(server.find({ kind: 'auth' }).map((event) => event.name)).toEqual(['none', 'password'])
    const [registration] = server.find({ kind: 'global-request', name: 'new_connection' })
    expect(registration?.payload).toMatchObject({ ID: 'ours', Name: 'ours', Remotes: null })
    expect(JSON.stringify(registration?.payload)).not.toContain(AGENT_AUTH.split(':')[1])
  })

  test('carries 32 MB both ways at once through a static tunnel', { timeout: 90_000 }, async () => {
    const target = await startTransferTarget(scope)
    const server = await serve()
    await launch(server.port, { client: { remotes: [`127.0.0.1:${target.port}`] } })
    const { payload } = await registered(server)
    const port = Number((payload as { lport: string }[])[0]?.lport)
    const size = 32 * MEGABYTE
    expect(await transfer({ port, uploadBytes: size, downloadBytes: size, limitMs: 50_000 })).toEqual({
      intact: true,
      downloadedBytes: size,
    })
  })

  test('confirms a channel before it dials, closes it without an end of data, and knows no half-close', async () => {
    const [server, hold] = await Promise.all([serve(), startHoldTarget(scope)])
    await launch(server.port)
    await registered(server)
    const { port = 0 } = await server.command({ do: 'tunnel', target: `127.0.0.1:${hold.port}` })
    const visitor = await openVisit(port)
    await visitor.receives('hold\n')
    hold.close()
    await visitor.closed
    await server.waitFor({ ch: 'c1', kind: 'channel-close', dir: 'server->agent' })
    expect(server.find({ ch: 'c1' }).map((event) => `${event.dir} ${event.kind}`)).toEqual([
      'server->agent channel-open',
      'agent->server channel-open-confirm',
      'agent->server channel-close',
      'server->agent channel-close',
    ])
  })

  test('confirms and closes when nothing listens at the target', async () => {
    const server = await serve()
    await launch(server.port)
    await registered(server)
    const { port = 0 } = await server.command({ do: 'tunnel', target: '127.0.0.1:1' })
    expect(await visit({ port })).toEqual({ text: '' })
    expect(server.find({ kind: 'channel-open-confirm' })).toHaveLength(1)
  })

  test('answers the questions of the field, and what it does not know with `unknown request`', async () => {
    const [server, hold] = await Promise.all([serve(), startHoldTarget(scope)])
    await launch(server.port, { client: { tunnel_allowed: [`127.0.0.1:${hold.port}`] } })
    await registered(server)
    const ask = (name: string, payload = '') => server.command({ do: 'request', name, payload })
    await ask('ping')
    await ask('check_tunnel_allowed', JSON.stringify({ Remote: `127.0.0.1:${hold.port}` }))
    await ask('check_tunnel_allowed', JSON.stringify({ Remote: '127.0.0.1:22' }))
    await ask('check_port', JSON.stringify({ HostPort: `127.0.0.1:${hold.port}`, Timeout: 1_000_000_000 }))
    await ask('check_port', '{"HostPort":7}')
    await ask('no_such_request')
    const replies = server.find({ kind: 'reply', dir: 'agent->server' })
    expect(replies).toMatchObject([
      { name: 'ping', ok: true, payload: '' },
      { name: 'check_tunnel_allowed', ok: true, payload: { IsAllowed: true } },
      { name: 'check_tunnel_allowed', ok: true, payload: { IsAllowed: false } },
      { name: 'check_port', ok: true, payload: { Open: true, ErrMsg: '' } },
      { name: 'check_port', ok: false, payloadText: expect.stringContaining('HostPort') },
      { name: 'no_such_request', ok: false, payloadText: 'unknown request' },
    ])
  })

  test('checks every channel again, whatever the server was told before', async () => {
    const [server, forbidden] = await Promise.all([serve(), startHoldTarget(scope)])
    await launch(server.port, { client: { tunnel_allowed: ['127.0.0.1:1'] } })
    await registered(server)
    const outcome = await server.command({ do: 'open', type: 'rport', data: `127.0.0.1:${forbidden.port}` })
    expect(outcome.error).toContain('not allowed with "tunnel_allowed" config')
    expect(forbidden.connectionCount).toBe(0)
  })

  test('keeps itself alive with empty pings at its own pace', async () => {
    const server = await serve()
    await launch(server.port, { connection: { keep_alive: '1s' } })
    await registered(server)
    await until('two pings', () => server.find({ kind: 'global-request', name: 'ping', payload: '' }).length >= 2)
  })

  test('comes back after its line was cut, with the same session', { timeout: 90_000 }, async () => {
    const server = await serve()
    const line = await startCuttingProxy(scope, server.port)
    await launch(line.port)
    await registered(server)
    line.cut()
    await registered(server, 2)
    const sessions = server
      .find({ kind: 'global-request', name: 'new_connection' })
      .map((event) => (event.payload as { SessionID: string }).SessionID)
    expect(new Set(sessions).size).toBe(1)
  })

  test('sends no password to a server with another key', async () => {
    const server = await serve({ seed: 'somebody else' })
    const agent = await launch(server.port, { client: { fingerprint: FINGERPRINT } })
    await server.waitFor({ event: 'closed' }, REGISTRATION_LIMIT_MS)
    expect(server.find({ kind: 'ssh-ident', dir: 'agent->server' })).toHaveLength(1)
    expect(server.find({ kind: 'auth' })).toEqual([])
    await agent.program.waitFor(/fingerprint/i)
  })

  test('takes a server for its own when the start of the fingerprint is right', async () => {
    const server = await serve()
    await launch(server.port, { client: { fingerprint: FINGERPRINT.slice(0, 8) } })
    await registered(server)
  })

  test('ends on SIGTERM with code 0, and the server sees the line end', async () => {
    const server = await serve()
    const agent = await launch(server.port)
    await registered(server)
    expect(await agent.program.stop()).toEqual({ code: 0, signal: null })
    await server.waitFor({ event: 'closed' })
  })

  test('tries again when it is refused', { timeout: 90_000 }, async () => {
    const server = await serve({ refuse: 'not today' })
    const agent = await launch(server.port)
    await agent.program.waitFor(/not today/, REGISTRATION_LIMIT_MS)
    await server.waitFor({ kind: 'global-request', name: 'new_connection', conn: 2 }, 60_000)
  })

  test('throws a reply away that nobody asked for: it is not the answer to the next question', async () => {
    const server = await serve()
    await launch(server.port, { connection: { keep_alive: '1s' } })
    await registered(server)
    for (let i = 0; i < 5; i++) await server.command({ do: 'packet', hex: '52' })
    await until('two more pings', () => server.find({ kind: 'global-request', name: 'ping' }).length >= 2)
    expect(server.find({ event: 'closed' })).toEqual([])
  })

  test.each([
    ['garbage below SSH', { do: 'bytes', hex: 'deadbeef'.repeat(64) }],
    ['an oversized packet header', { do: 'bytes', hex: `ffffffff${'00'.repeat(64)}` }],
    ['data for a channel that never was', { do: 'packet', hex: '5e0000270f00000001ff' }],
    ['a string longer than its packet', { do: 'packet', hex: '50ffffffff61' }],
  ])('outlives a server that sends %s and comes back', { timeout: 90_000 }, async (_, attack) => {
    const server = await serve()
    const agent = await launch(server.port)
    await registered(server)
    await server.command({ ...attack, conn: 1 })
    await registered(server, 2)
    expect(agent.program.hasExited).toBe(false)
  })

  test('leaves its targets when the server vanishes in the middle of a transfer', async () => {
    const [server, endless] = await Promise.all([serve(), startEndlessTarget(scope)])
    await launch(server.port)
    await registered(server)
    const { port = 0 } = await server.command({ do: 'tunnel', target: `127.0.0.1:${endless.port}` })
    const visitor = await openVisit(port)
    await visitor.receives('\0'.repeat(1000))
    expect(endless.openConnections).toBe(1)
    await server.command({ do: 'close', conn: 1 })
    await until('the target is left', () => endless.openConnections === 0)
    await registered(server, 2)
  })

  test('still answers while a server leaves its registration unanswered', async () => {
    const server = await serve({ habits: ['silent'] })
    const agent = await launch(server.port)
    await server.waitFor({ kind: 'global-request', name: 'new_connection' }, REGISTRATION_LIMIT_MS)
    await server.command({ do: 'request', name: 'ping' })
    expect(server.find({ kind: 'reply', name: 'ping' })).toMatchObject([{ ok: true }])
    expect(agent.program.hasExited).toBe(false)
  })

  test('gives a server up that has stopped reading and answering, and comes back', { timeout: 90_000 }, async () => {
    const server = await serve()
    await launch(server.port, { connection: { keep_alive: '1s', keep_alive_timeout: '2s' } })
    await registered(server)
    await server.command({ do: 'deaf', conn: 1 })
    await registered(server, 2)
  })

  test('outlives a server that opens a thousand channels, and still serves a tunnel', async () => {
    const [server, echo] = await Promise.all([serve(), startEchoTarget(scope)])
    await launch(server.port)
    await registered(server)
    await server.command({ do: 'flood-channels', type: 'rport', data: '127.0.0.1:1', count: 1000 })
    await until('the agent is with us, on this line or the next', async () => {
      const { port, error } = await server.command({ do: 'tunnel', target: `127.0.0.1:${echo.port}` })
      if (error || port === undefined) return false
      const visitor = await openVisit(port)
      visitor.socket.write('after the flood')
      await visitor.receives('after the flood', 2000)
      return true
    })
  })
})
