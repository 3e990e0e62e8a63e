import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  connected,
  createScope,
  launchAgent,
  startAgent,
  startHttpTarget,
  startServer,
  type Target,
  type TestServer,
  visit,
} from '../harness/index.ts'
import { proxiesMissing, startHttpProxy, startSocksProxy, startSocksVariant } from '../harness/ways/index.ts'

const LOGIN = { user: 'ada', password: 'sesame1' }

if (proxiesMissing) console.warn(`LEFT OUT: agents behind proxies: ${proxiesMissing}`)

describe.skipIf(proxiesMissing)('an agent behind a proxy', { timeout: 60_000 }, () => {
  const scope = createScope()
  let server: TestServer
  let page: Target

  beforeAll(async () => {
    page = await startHttpTarget(scope)
    server = await startServer(scope)
  })
  afterAll(() => scope.close())

  const starters = { HTTP: startHttpProxy, SOCKS5: startSocksProxy } as const
  const scheme = { HTTP: 'http', SOCKS5: 'socks5h' } as const

  test.each([
    ['HTTP', undefined],
    ['HTTP', LOGIN],
    ['SOCKS5', undefined],
    ['SOCKS5', LOGIN],
  ] as const)('of kind %s with login %j has its tunnels', async (kind, login) => {
    const proxy = await starters[kind](scope, login)
    const id = `behind-${kind}-${login ? 'with' : 'without'}-login`
    const credentials = login ? `${login.user}:${login.password}@` : ''
    const url = `${scheme[kind]}://${credentials}127.0.0.1:${proxy.port}`
    const agent = await startAgent(scope, server, { id, settings: { client: { proxy: url } } })
    const tunnel = await server.api.openTunnel(id, { remote: page.port })
    expect((await visit({ port: tunnel.port, send: 'GET / HTTP/1.0\r\n\r\n' })).text).toContain('hello target')
    expect(agent.program.output).not.toContain(LOGIN.password)
    await proxy.program.stop()
    await agent.program.waitFor(/disconnected/)
    await agent.program.waitFor(/ECONNREFUSED/)
    await agent.program.stop()
  })

  test.each(['HTTP', 'SOCKS5'] as const)('of kind %s with a wrong password says so, and shows none', async (kind) => {
    const proxy = await starters[kind](scope, LOGIN)
    const agent = await launchAgent(scope, {
      id: `wrong-${kind}`,
      address: `127.0.0.1:${server.agentPort}`,
      settings: { client: { proxy: `${scheme[kind]}://ada:wr0ng@127.0.0.1:${proxy.port}` } },
    })
    await agent.program.waitFor(kind === 'HTTP' ? /401|407/ : /user or password is wrong/)
    expect(agent.program.output).toContain('client.proxy')
    expect(agent.program.output).not.toContain('wr0ng')
    await agent.program.stop()
  })

  test('leaves names to a SOCKS5 proxy, and sends it user and password percent-decoded', async () => {
    const names = { 'rport.invalid': server.agentPort }
    const proxy = await startSocksVariant(scope, { method: 2, names, boundType: 3 })
    const agent = await launchAgent(scope, {
      id: 'resolved-by-proxy',
      address: 'rport.invalid:8080',
      settings: { client: { proxy: `socks://a%40b:p%3Aq@127.0.0.1:${proxy.port}` } },
    })
    await connected(server, 'resolved-by-proxy')
    expect(proxy.asked).toEqual(['rport.invalid:8080'])
    expect(proxy.logins).toEqual(['a@b:p:q'])
    await agent.program.stop()
  })

  test.each([
    [{ method: 255 }, 'takes no user and password'],
    [{ names: {} }, 'host unreachable'],
    [{ names: { 'rport.invalid': 1 }, reply: 2 }, 'connection not allowed by its rules'],
  ] as const)('that is refused by a SOCKS5 proxy (%j) says why and goes on trying', async (variant, reason) => {
    const proxy = await startSocksVariant(scope, variant)
    const agent = await launchAgent(scope, {
      id: 'refused-by-proxy',
      address: 'rport.invalid:8080',
      settings: { client: { proxy: `socks5h://u:p@127.0.0.1:${proxy.port}` } },
    })
    await agent.program.waitFor(new RegExp(reason))
    await agent.program.waitFor(/retrying/)
    await agent.program.stop()
  })
})
