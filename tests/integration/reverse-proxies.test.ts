import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  connected,
  createScope,
  launchAgent,
  startHttpTarget,
  startServer,
  type Target,
  type TestServer,
  visit,
} from '../harness/index.ts'
import {
  type Authority,
  createAuthority,
  proxiesMissing,
  reverseProxiesMissing,
  startCaddy,
  startHttpProxy,
  startNginx,
} from '../harness/ways/index.ts'

/** Stands for the 100 s of services that put themselves before a server. */
const IDLE_CUT_MS = 3000
/** There is nothing to wait for when nothing happens: twice the time after which it would have. */
const PASSED_BY_MS = 2 * IDLE_CUT_MS

if (reverseProxiesMissing) console.warn(`LEFT OUT: agents and reverse proxies: ${reverseProxiesMissing}`)

describe.skipIf(reverseProxiesMissing)('an agent whose server is behind TLS', { timeout: 60_000 }, () => {
  const scope = createScope()
  let authority: Authority
  let server: TestServer
  let page: Target
  let nginx: { port: number; redirectPort: number }

  beforeAll(async () => {
    authority = await createAuthority(scope)
    page = await startHttpTarget(scope)
    server = await startServer(scope)
    const certificate = authority.issue('localhost')
    nginx = await startNginx(scope, { ...certificate, targetPort: server.agentPort, idleCutMs: IDLE_CUT_MS })
  })
  afterAll(() => scope.close())

  const launch = (id: string, url: string, connection: Record<string, string> = {}, client = {}) =>
    launchAgent(scope, { id, address: '', settings: { client: { server: url, ...client }, connection } })

  async function theTunnelWorks(id: string): Promise<void> {
    const { port } = await server.api.openTunnel(id, { remote: page.port })
    expect((await visit({ port, send: 'GET / HTTP/1.0\r\n\r\n' })).text).toContain('hello target')
  }

  test('of nginx, signed by its own authority, is connected, and idle cuts do not end that', async () => {
    const agent = await launch('nginx', `https://localhost:${nginx.port}`, {
      ca_file: authority.caFile,
      keep_alive: '1s',
    })
    await connected(server, 'nginx')
    await new Promise((resolve) => setTimeout(resolve, PASSED_BY_MS))
    expect(agent.program.output).not.toContain('disconnected')
    await theTunnelWorks('nginx')
    await agent.program.stop()
  })

  test('of Caddy, signed by its own authority, is connected', async () => {
    const caddy = await startCaddy(scope, { ...authority.issue('localhost'), targetPort: server.agentPort })
    const agent = await launch('caddy', `wss://localhost:${caddy.port}`, { ca_file: authority.caFile })
    await connected(server, 'caddy')
    await theTunnelWorks('caddy')
    await agent.program.stop()
  })

  test.skipIf(proxiesMissing)('is connected through an HTTP proxy, too', async () => {
    const proxy = await startHttpProxy(scope)
    const agent = await launch(
      'tls-through-proxy',
      `https://localhost:${nginx.port}`,
      { ca_file: authority.caFile, keep_alive: '1s' },
      { proxy: `http://127.0.0.1:${proxy.port}` },
    )
    await connected(server, 'tls-through-proxy')
    await theTunnelWorks('tls-through-proxy')
    await agent.program.stop()
  })

  test('that it cannot know does not learn its password, and hears what to do', async () => {
    const agent = await launch('unknown-authority', `https://localhost:${nginx.port}`)
    await agent.program.waitFor(/certificate of the server not trusted/)
    expect(agent.program.output).toContain('connection.ca_file')
    await agent.program.stop()
    expect(await server.api.client('unknown-authority')).toBeUndefined()
  })

  test('with a certificate for another name is refused', async () => {
    const agent = await launch('other-name', `https://127.0.0.1:${nginx.port}`, { ca_file: authority.caFile })
    await agent.program.waitFor(/certificate of the server not trusted/)
    await agent.program.stop()
  })

  test('is told of a redirect and does not follow it', async () => {
    const agent = await launch('redirected', `http://127.0.0.1:${nginx.redirectPort}`, { ca_file: authority.caFile })
    await agent.program.waitFor(/redirected to .*https:\/\/localhost/)
    await agent.program.waitFor(/retrying/)
    await agent.program.stop()
    expect(await server.api.client('redirected')).toBeUndefined()
  })

  test('whose file of authorities is missing says which', async () => {
    const agent = await launch('no-file', `https://localhost:${nginx.port}`, { ca_file: '/nonexistent/ca.pem' })
    await agent.program.waitFor(/connection\.ca_file cannot be read.*\/nonexistent\/ca\.pem/)
    await agent.program.stop()
  })
})
