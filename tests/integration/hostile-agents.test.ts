import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  connected,
  createScope,
  describeWithGo,
  disconnected,
  type GoAgentOptions,
  type GoPeer,
  startEchoTarget,
  startGoAgent,
  startServer,
  type TestServer,
  visit,
} from '../harness/index.ts'

/** Some agents of the field send requests above the 256 KiB that they take themselves. */
const LARGE_BYTES = 300 * 1024
/** Far above what any agent sends. */
const OVERSIZED_BYTES = 4 * 1024 * 1024

describeWithGo('a hostile agent costs nobody else anything', () => {
  const scope = createScope()
  let server: TestServer
  let honest: GoPeer
  let tunnelPort: number

  beforeAll(async () => {
    server = await startServer(scope)
    honest = startAgent('honest')
    await connected(server, 'honest')
    const echo = await startEchoTarget(scope)
    tunnelPort = (await server.api.openTunnel('honest', { remote: echo.port, 'skip-idle-timeout': 1 })).port
  })
  afterAll(() => scope.close())

  function startAgent(id: string, options: Partial<GoAgentOptions> = {}): GoPeer {
    return startGoAgent(scope, { url: `ws://127.0.0.1:${server.agentPort}`, auth: AGENT_AUTH, id, ...options })
  }

  /** The other agent, its tunnel and the API, all of them within the usual patience. */
  async function everybodyElseIsWell(): Promise<void> {
    const question = await honest.command({ do: 'request', name: 'ping', limitMs: 5000 })
    expect(question.error).toBeUndefined()
    const tunnelled = await visit({ port: tunnelPort, send: 'still here', halfClose: true })
    expect(tunnelled.error).toBeUndefined()
    expect((await server.api.get('/api/v1/status')).status).toBe(200)
    const fresh = startAgent(`fresh-${Math.random().toString(36).slice(2, 8)}`)
    await fresh.waitFor({ event: 'registered', ok: true })
    await fresh.program.stop()
  }

  async function hostile(options: Partial<GoAgentOptions> = {}): Promise<GoPeer> {
    const agent = startAgent('hostile', options)
    await agent.waitFor({ event: 'registered', ok: true })
    return agent
  }

  test('that opens connections and never says a word', async () => {
    const sockets = Array.from({ length: 40 }, () => connect(server.agentPort, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => undefined)
    try {
      await everybodyElseIsWell()
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  test('that upgrades and then keeps silent in the middle of the handshake', async () => {
    const upgrade =
      'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: rport-v1\r\n\r\n'
    const sockets = Array.from({ length: 40 }, () => connect(server.agentPort, '127.0.0.1'))
    for (const socket of sockets) {
      socket.on('error', () => undefined)
      socket.write(upgrade)
    }
    try {
      await everybodyElseIsWell()
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  test('that logs in and never registers', async () => {
    const agent = startAgent('hostile', { habits: ['silent'] })
    await agent.waitFor({ event: 'logged-in' })
    await everybodyElseIsWell()
    await agent.program.stop()
  })

  test.each([
    ['a number for a text', { OS: 5 }, /OS/],
    ['a text for a number', { NumCPUs: 'two' }, /NumCPUs/],
    ['a text for a list', { IPv4: 'all of them' }, /IPv4/],
    ['a list for a map', { Labels: [1, 2] }, /Labels/],
    ['a number for the remotes', { Remotes: 17 }, /Remotes/],
    ['a remote of wrong types', { Remotes: [{ lport: {}, rport: [] }] }, /Remotes/],
  ])('that registers with %s hears which field is wrong', async (_, patch, field) => {
    const agent = startAgent('hostile', { patch })
    const reply = await agent.waitFor({ event: 'registered' })
    expect(reply.ok).toBe(false)
    expect(reply.payloadText).toMatch(field)
    await agent.waitFor({ event: 'closed' })
    await everybodyElseIsWell()
  })

  test('that registers with a tree ten thousand levels deep', async () => {
    const depth = 10_000
    const agent = startAgent('hostile', { patch: {} })
    await agent.waitFor({ event: 'registered', ok: true })
    await agent.program.stop()
    const deep = startAgent('hostile-deep', { habits: ['silent'] })
    await deep.waitFor({ event: 'logged-in' })
    const document = `{"ID":"hostile-deep","SessionID":"s","Version":"1.0.0","Labels":${'['.repeat(depth)}${']'.repeat(depth)}}`
    await deep.command({ do: 'request', name: 'new_connection', payload: document })
    expect(deep.find({ kind: 'reply', name: 'new_connection' })).toMatchObject([{ ok: false }])
    await everybodyElseIsWell()
  })

  test('that registers with broken configuration is taken in all the same, for only its own copy is broken', async () => {
    const agent = startAgent('odd-config', {
      patch: { ClientConfiguration: { client: 7, monitoring: [], allow_regexp: {} } },
    })
    expect((await agent.waitFor({ event: 'registered' })).ok).toBe(true)
  })

  test.each([
    ['garbage below SSH', { do: 'bytes', hex: 'deadbeef'.repeat(64) }],
    ['an oversized request', { do: 'oversized', bytes: OVERSIZED_BYTES }],
    ['an oversized packet header', { do: 'bytes', hex: `ffffffff${'00'.repeat(64)}` }],
    ['data for a channel that never was', { do: 'packet', hex: '5e0000270f00000001ff' }],
    ['a message that ends in the middle', { do: 'packet', hex: '5e0000' }],
    ['a string longer than its packet', { do: 'packet', hex: '50ffffffff61' }],
  ])('that sends %s loses its own connection only', async (_, command) => {
    const agent = await hostile()
    // Not awaited: it may have lost its connection, and ended, before it can say that it did as told.
    agent.command(command).catch(() => undefined)
    await agent.waitFor({ event: 'closed' })
    await disconnected(server, 'hostile')
    await everybodyElseIsWell()
  })

  test('while one that sends a large request is no enemy: it is answered', async () => {
    const agent = await hostile()
    await agent.command({ do: 'oversized', bytes: LARGE_BYTES })
    await agent.command({ do: 'request', name: 'ping' })
    expect(agent.find({ kind: 'reply', name: 'ping' })).toMatchObject([{ ok: true }])
    expect(agent.find({ event: 'closed' })).toEqual([])
    await agent.program.kill()
  })

  test('that sends half a packet and falls silent', async () => {
    const agent = await hostile()
    await agent.command({ do: 'half-packet' })
    await everybodyElseIsWell()
    await agent.program.stop()
  })

  test('that asks ten thousand questions and takes no answer', async () => {
    const agent = await hostile()
    await agent.command({ do: 'deaf' })
    void agent.command({ do: 'flood-requests', name: 'ping', count: 10_000 }).catch(() => undefined)
    await everybodyElseIsWell()
    await agent.program.kill()
  })

  test('that opens a thousand channels', async () => {
    const agent = await hostile()
    // Go's SSH gives up at the first refusal of a channel that it did not keep: it ends, or waits for itself for ever.
    await agent
      .command({ do: 'flood-channels', type: 'rport', data: '127.0.0.1:1', count: 1000 })
      .catch(() => undefined)
    await everybodyElseIsWell()
    await agent.program.kill()
  })

  test('that sends far more than its window allows loses its connection', async () => {
    const echo = await startEchoTarget(scope)
    const agent = await hostile({ traceData: false })
    const { port } = await server.api.openTunnel('hostile', { remote: echo.port })
    const visitor = connect(port, '127.0.0.1').pause()
    visitor.on('error', () => undefined)
    const open = await agent.waitFor({ kind: 'channel-open-confirm' })
    await agent.command({ do: 'overrun', ch: open.ch ?? '', bytes: 64 * 1024 * 1024 }).catch(() => undefined)
    await agent.waitFor({ event: 'closed' })
    visitor.destroy()
    await everybodyElseIsWell()
  })

  test('that never confirms a channel keeps only its own visitors waiting', async () => {
    const echo = await startEchoTarget(scope)
    const agent = await hostile({ habits: ['never-confirm'] })
    const { port } = await server.api.openTunnel('hostile', { remote: echo.port })
    const visitors = Array.from({ length: 20 }, () => connect(port, '127.0.0.1'))
    for (const visitor of visitors) visitor.on('error', () => undefined)
    await agent.waitFor({ kind: 'channel-open' })
    await everybodyElseIsWell()
    for (const visitor of visitors) visitor.destroy()
    await agent.program.kill()
  })

  test('that answers no question keeps the API waiting for one deadline at most', { timeout: 60_000 }, async () => {
    const agent = await hostile({ habits: ['mute'] })
    const reply = await server.api.call('PUT', '/api/v1/clients/hostile/tunnels?remote=1')
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(reply.status).not.toBe(500)
    await everybodyElseIsWell()
    await agent.program.kill()
  })

  test('that replies without being asked has that reply thrown away, not taken for the next answer', async () => {
    const echo = await startEchoTarget(scope)
    const agent = await hostile()
    const surplusNo = Buffer.from('\x51{"IsAllowed":false}').toString('hex')
    for (let i = 0; i < 10; i++) await agent.command({ do: 'packet', hex: surplusNo })
    await agent.command({ do: 'request', name: 'ping' })
    const { port } = await server.api.openTunnel('hostile', { remote: echo.port })
    expect((await visit({ port, send: 'x', halfClose: true })).error).toBeUndefined()
    await everybodyElseIsWell()
    await agent.program.kill()
  })
})
