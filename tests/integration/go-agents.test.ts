import { readdir, readFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AGENT_AUTH,
  accepts,
  connected,
  createScope,
  describeWithGo,
  disconnected,
  FINGERPRINT,
  freePort,
  freeTunnelPort,
  type GoAgentOptions,
  type GoPeer,
  openVisit,
  startEchoTarget,
  startGoAgent,
  startHoldTarget,
  startServer,
  startTransferTarget,
  type TestServer,
  transfer,
  until,
  visit,
} from '../harness/index.ts'
import { proxiesMissing, startHttpProxy, startSocksProxy } from '../harness/ways/index.ts'

const MEGABYTE = 1024 * 1024

describeWithGo("agents on the field's own libraries", () => {
  const scope = createScope()
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(scope)
  })
  afterAll(() => scope.close())

  const join = async (id: string, options: Partial<GoAgentOptions> = {}): Promise<GoPeer> => {
    const agent = startGoAgent(scope, {
      url: `ws://127.0.0.1:${server.agentPort}`,
      auth: AGENT_AUTH,
      fingerprint: FINGERPRINT,
      id,
      ...options,
    })
    await agent.waitFor({ event: 'registered', ok: true })
    await connected(server, id)
    return agent
  }

  test('are told their static tunnels, with the port that was chosen', async () => {
    const echo = await startEchoTarget(scope)
    const fixed = await freeTunnelPort()
    const agent = await join('go-static', { remotes: [`${fixed}:127.0.0.1:${echo.port}`, `:127.0.0.1:${echo.port}`] })
    const reply = await agent.waitFor({ event: 'registered' })
    expect(reply.payload).toMatchObject([
      { lhost: '0.0.0.0', lport: String(fixed), lport_random: false, rport: String(echo.port), protocol: 'tcp' },
      { lhost: '0.0.0.0', lport: expect.stringMatching(/^\d+$/), lport_random: true, rport: String(echo.port) },
    ])
    const [, random] = reply.payload as { lport: string }[]
    for (const port of [fixed, Number(random?.lport)]) {
      const visitor = await openVisit(port)
      visitor.socket.write('through the static tunnel')
      await visitor.receives('through the static tunnel')
      visitor.socket.destroy()
    }
  })

  test.skipIf(proxiesMissing).each(['HTTP', 'SOCKS5'] as const)('come through a proxy of kind %s', async (kind) => {
    const login = { user: 'ada', password: 'sesame1' }
    const [proxy, echo] = await Promise.all([
      kind === 'HTTP' ? startHttpProxy(scope, login) : startSocksProxy(scope, login),
      startEchoTarget(scope),
    ])
    const scheme = kind === 'HTTP' ? 'http' : 'socks5'
    const id = `go-behind-${scheme}`
    await join(id, { proxy: `${scheme}://${login.user}:${login.password}@127.0.0.1:${proxy.port}` })
    const { port } = await server.api.openTunnel(id, { remote: echo.port })
    const visitor = await openVisit(port)
    visitor.socket.write('through the proxy')
    await visitor.receives('through the proxy')
    await proxy.program.stop()
    await visitor.closed
    await disconnected(server, id)
  })

  test('get `null` for `null`, and capabilities after the reply', async () => {
    const agent = await join('go-plain')
    expect((await agent.waitFor({ event: 'registered' })).payload).toBeNull()
    const capabilities = await agent.waitFor({ kind: 'global-request', name: 'put_capabilities' })
    expect(capabilities).toMatchObject({ wantReply: false, payload: { IPAddressesVersion: 1 } })
  })

  test('carry 32 MB both ways at once in frames of 1,024 bytes', { timeout: 60_000 }, async () => {
    const target = await startTransferTarget(scope)
    await join('go-transfer')
    const { port } = await server.api.openTunnel('go-transfer', { remote: target.port })
    const size = 32 * MEGABYTE
    expect(await transfer({ port, uploadBytes: size, downloadBytes: size, limitMs: 50_000 })).toEqual({
      intact: true,
      downloadedBytes: size,
    })
  })

  test('are asked before a tunnel opens, and their no is final', async () => {
    const target = await startHoldTarget(scope)
    const agent = await join('go-asked', { denied: [`127.0.0.1:${target.port}`] })
    const refused = await server.api.call('PUT', `/api/v1/clients/go-asked/tunnels?remote=${target.port}`)
    expect(refused.status).toBe(400)
    const question = agent.find({ kind: 'global-request', name: 'check_tunnel_allowed' })
    expect(question).toMatchObject([{ payload: { Remote: `127.0.0.1:${target.port}` } }])
    expect(target.connectionCount).toBe(0)
  })

  test('see a channel closed without an end of data before it: they know no half-close', async () => {
    const hold = await startHoldTarget(scope)
    const agent = await join('go-half')
    const { port } = await server.api.openTunnel('go-half', { remote: hold.port })
    const visitor = await openVisit(port)
    await visitor.receives('hold\n')
    visitor.socket.end('bye')
    await agent.waitFor({ kind: 'channel-close', dir: 'server->agent' })
    expect(agent.find({ kind: 'channel-eof' })).toEqual([])
    await visitor.closed
    await until('the target is left', () => hold.openConnections === 0)
  })

  test('see a tunnel to a closed port as channel that opens and closes without data', async () => {
    const closed = await freePort()
    const agent = await join('go-closed')
    const { port } = await server.api.openTunnel('go-closed', { remote: closed, check_port: 0 })
    expect(await visit({ port })).toEqual({ text: '' })
    expect(agent.find({ kind: 'channel-open-confirm' })).toHaveLength(1)
  })

  test('keep themselves alive by empty pings', async () => {
    const agent = await join('go-ping', { keepAlive: '100ms' })
    await until('three answers', () => agent.find({ kind: 'reply', name: 'ping', ok: true }).length >= 3)
    expect(agent.find({ kind: 'reply', name: 'ping' }).every((reply) => reply.payload === '')).toBe(true)
  })

  test('come back with the same session and find their tunnels on the same port', { timeout: 60_000 }, async () => {
    const echo = await startEchoTarget(scope)
    const agent = await join('go-back', { comeBack: '200ms' })
    const local = await freeTunnelPort()
    await server.api.openTunnel('go-back', { local, remote: echo.port, 'skip-idle-timeout': 1 })
    await agent.command({ do: 'close' })
    const again = await agent.waitFor({ event: 'registered', conn: 2 })
    expect(again).toMatchObject({ ok: true, payload: [{ lport: String(local), owner: 'admin' }] })
    expect(await accepts(local)).toBe(true)
  })

  test('show as disconnected as soon as their line ends', async () => {
    const agent = await join('go-gone')
    await agent.program.kill()
    await disconnected(server, 'go-gone', 5_000)
  })

  test('hear `unknown request` for what the server does not know, and are served on', async () => {
    const agent = await join('go-curious')
    await agent.command({ do: 'request', name: 'no_such_request', limitMs: 10_000 })
    expect(agent.find({ kind: 'reply', name: 'no_such_request' })).toMatchObject([{ ok: false }])
    await agent.command({ do: 'request', name: 'ping' })
    expect(agent.find({ kind: 'reply', name: 'ping' })).toMatchObject([{ ok: true, payload: '' }])
  })

  test('may not register twice on one connection', async () => {
    const agent = await join('go-twice')
    await agent.command({
      do: 'request',
      name: 'new_connection',
      payload: '{"ID":"go-twice","SessionID":"x","Version":"1.0.0"}',
    })
    expect(agent.find({ kind: 'reply', name: 'new_connection', ok: false })).toMatchObject([
      { payloadText: 'unexpected connection request. please reconnect' },
    ])
  })

  test('may not make the server dial for them', async () => {
    const target = await startHoldTarget(scope)
    const agent = await join('go-forward')
    const outcome = await agent.command({ do: 'open', type: 'rport', data: `127.0.0.1:${target.port}` })
    expect(outcome.error).toBeTruthy()
    expect(target.connectionCount).toBe(0)
  })

  test('never find their password in a reply, a log or a file of the server', async () => {
    await join('go-secret')
    const [, password = ''] = AGENT_AUTH.split(':')
    const shown = await server.api.get('/api/v1/clients/go-secret')
    expect(shown.json.data.client_configuration).toBeTruthy()
    expect(shown.text).not.toContain(password)
    expect(server.program.output).not.toContain(password)
    expect(await filesContaining(server.dataDir, password)).toEqual([])
  })
})

async function filesContaining(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => joinPath(entry.parentPath, entry.name))
  const contents = await Promise.all(files.map(async (file) => ({ file, bytes: await readFile(file) })))
  return contents.filter(({ bytes }) => bytes.includes(text)).map(({ file }) => file)
}
