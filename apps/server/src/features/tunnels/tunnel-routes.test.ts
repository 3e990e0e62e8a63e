import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEchoTarget, type TcpTarget, visit } from '../../testing/tcp-target.ts'
import { connectTestAgent, type TestAgent } from '../../testing/test-agent.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

let server: TestServer
let target: TcpTarget
let agent: TestAgent
beforeAll(async () => {
  server = await startTestServer()
  target = await startEchoTarget()
  agent = await connectTestAgent(server.clients, {
    request: { id: 'alpha' },
    allows: (text) => !text.endsWith(':25'),
  })
  await connectTestAgent(server.clients, { request: { id: 'beta' } })
  await server.registry.update('beta', { allowedUserGroups: ['operators'] })
})
afterAll(async () => {
  await server.close()
  await target.close()
})

const first = (body: unknown) => (body as { errors: { code: string; title: string; detail: string }[] }).errors[0]

test('a tunnel from its opening to its end, through real SSH', async () => {
  const params = { client_id: 'alpha' }
  const tunnel = await server.sdk.tunnels.create({
    params,
    query: { remote: target.port, scheme: 'http', name: 'web' },
  })
  expect(tunnel).toEqual({
    id: '1',
    name: 'web',
    protocol: 'tcp',
    lhost: '0.0.0.0',
    lport: expect.stringMatching(/^\d{5}$/),
    lport_random: true,
    owner: 'admin',
    rhost: '127.0.0.1',
    rport: String(target.port),
    scheme: 'http',
    acl: null,
    idle_timeout_minutes: 5,
    auto_close: 0,
    http_proxy: false,
    host_header: '',
    auth_user: '',
    auth_password: '',
    tunnel_url: '',
    created_at: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  expect(agent.asked).toEqual(['check_tunnel_allowed', 'check_port'])
  const visitor = await visit(Number(tunnel.lport))
  visitor.socket.write('hello')
  await visitor.received('hello')

  expect(await server.sdk.tunnels.list()).toEqual([{ ...tunnel, client_id: 'alpha' }])
  expect((await server.sdk.clients.get({ params })).tunnels).toEqual([tunnel])
  expect((await server.ask('GET', '/tunnels', { user: 'limited' })).body).toEqual({ data: [] })

  const path = '/clients/alpha/tunnels/1'
  const used = await server.ask('DELETE', path)
  expect([used.status, first(used.body)?.title]).toEqual([409, 'tunnel has 1 active connection(s)'])
  const maybe = await server.ask('DELETE', `${path}?force=maybe`)
  expect([maybe.status, first(maybe.body)?.title]).toEqual([400, 'Invalid force param: maybe.'])
  expect(await server.ask('DELETE', `${path}?force=true`)).toEqual({ status: 204, body: '' })
  await visitor.ended
  const again = await server.ask('DELETE', path)
  expect([again.status, first(again.body)?.title]).toEqual([404, 'tunnel not found'])
  expect(await server.sdk.tunnels.list()).toEqual([])
})

test.each([
  ['alpha', 'remote=25&check_port=0', 400, '', 'Tunnel destination is not allowed by client configuration.'],
  ['alpha', 'remote=localhost', 400, '', 'failed to decode "localhost": Missing ports'],
  ['alpha', 'remote=22&acl=1.2.3', 400, 'ERR_CODE_INVALID_ACL', 'Invalid ACL: invalid IP addr: 1.2.3'],
  ['alpha', 'local=80&remote=22&check_port=0', 400, '', 'Local port 80 is not among allowed ports.'],
  ['alpha', 'remote=22&protocol=udp', 400, '', 'Tunnels of protocol udp are not supported by this server.'],
  ['none', 'remote=22', 404, '', 'Client with id="none" not found.'],
])('%s?%s is refused', async (clientId, query, status, code, title) => {
  const answer = await server.ask('PUT', `/clients/${clientId}/tunnels?${query}`)
  expect([answer.status, first(answer.body)]).toEqual([status, { code, title, detail: '' }])
})

test('a closed target is reported with the words of the agent', async () => {
  const gone = await startEchoTarget()
  await gone.close()
  const { status, body } = await server.ask('PUT', `/clients/alpha/tunnels?remote=127.0.0.1:${gone.port}`)
  expect([status, first(body)]).toEqual([
    400,
    {
      code: '',
      title: `Port ${gone.port} is not in listening state.`,
      detail: `dial tcp 127.0.0.1:${gone.port}: connect: connection refused`,
    },
  ])
})

test('the ACL is changed, and a wrong one changes nothing', async () => {
  await server.sdk.tunnels.create({ params: { client_id: 'beta' }, query: { remote: target.port, acl: '10.0.0.0/8' } })
  const path = '/clients/beta/tunnels/1'
  const wrong = await server.ask('PUT', `${path}/acl`, { body: { acl: 'nonsense' } })
  expect([wrong.status, first(wrong.body)?.title]).toEqual([400, 'invalid IP addr: nonsense'])
  expect((await server.sdk.tunnels.list())[0]?.acl).toBe('10.0.0.0/8')
  expect(await server.ask('PUT', `${path}/acl`, { body: { acl: '127.0.0.1' } })).toEqual({ status: 204, body: '' })
  expect((await server.sdk.tunnels.list())[0]?.acl).toBe('127.0.0.1')
  const unknown = await server.ask('PUT', '/clients/beta/tunnels/999/acl', { body: { acl: null } })
  expect([unknown.status, first(unknown.body)?.title]).toEqual([404, 'tunnel not found'])
  await server.ask('DELETE', path)
})

test('a client that is away is reported before what is wrong with the query; its list stays, GET /tunnels hides it', async () => {
  const delta = await connectTestAgent(server.clients, { request: { id: 'delta' } })
  await server.sdk.tunnels.create({ params: { client_id: 'delta' }, query: { remote: target.port } })
  await delta.leave()
  const attempts = [
    server.ask('PUT', '/clients/delta/tunnels?remote=nonsense'),
    server.ask('DELETE', '/clients/delta/tunnels/1'),
    server.ask('PUT', '/clients/delta/tunnels/1/acl', { body: { acl: null } }),
  ]
  for (const { status, body } of await Promise.all(attempts)) {
    expect([status, first(body)?.title]).toEqual([404, 'client with id delta not found'])
  }
  const client = await server.sdk.clients.get({ params: { client_id: 'delta' } })
  expect(client).toMatchObject({ connection_state: 'disconnected', tunnels: [{ id: '1' }] })
  expect(await server.sdk.tunnels.list()).toEqual([])
})
