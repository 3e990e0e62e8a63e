import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEchoTarget, type TcpTarget } from '../../testing/tcp-target.ts'
import { connectTestAgent, type TestAgent } from '../../testing/test-agent.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import { createTunnelPolicy } from '../users/index.ts'

let server: TestServer
let target: TcpTarget
let agent: TestAgent
beforeAll(async () => {
  target = await startEchoTarget()
  const restriction = { remote: [String(target.port)], acl: ['192.0.2.1', '192.0.2.2'] }
  const operators = { name: 'operators', permissions: new Set(['tunnels' as const]), commandsRestricted: null }
  const policy = createTunnelPolicy({
    directory: {
      groupPermissionsEnabled: true,
      groups: {
        detailsOf: async (names) =>
          new Map(names.map((name) => [name, { ...operators, name, tunnelsRestricted: restriction }])),
      },
    },
  })
  server = await startTestServer({ policy })
  agent = await connectTestAgent(server.clients, { request: { id: 'alpha' } })
  await server.registry.update('alpha', { allowedUserGroups: ['operators'] })
})
afterAll(async () => {
  await server.close()
  await target.close()
})

const limited = (method: 'PUT' | 'DELETE', path: string, body?: unknown) =>
  server.ask(method, `/clients/alpha/tunnels${path}`, { user: 'limited', body })
const refusal = (rule: string) => ({
  status: 400,
  body: {
    errors: [{ code: '', title: `The restriction "${rule}" of your user groups does not allow this.`, detail: '' }],
  },
})

test('a restricted user opens, changes and closes only what the restriction allows; the agent is not even asked', async () => {
  expect(await limited('PUT', '?remote=22&acl=192.0.2.1&check_port=0')).toEqual(refusal('remote'))
  expect(await limited('PUT', `?remote=${target.port}`)).toEqual(refusal('acl'))
  expect(await limited('PUT', `?local=10.0.0.5&remote=${target.port}&acl=192.0.2.1`)).toEqual(refusal('remote'))
  expect(agent.asked).toEqual([])

  expect(await limited('PUT', `?remote=${target.port}&acl=192.0.2.1`)).toMatchObject({ status: 200 })
  expect(await limited('PUT', '/1/acl', { acl: null })).toEqual(refusal('acl'))
  expect(await limited('PUT', '/1/acl', { acl: '192.0.2.2' })).toMatchObject({ status: 204 })
  expect(await limited('DELETE', '/1')).toMatchObject({ status: 204 })
})

test('tunnels of others are not a restricted user’s to touch', async () => {
  const params = { client_id: 'alpha' }
  const { id } = await server.sdk.tunnels.create({ params, query: { remote: target.port, acl: '192.0.2.1' } })
  expect(await limited('DELETE', `/${id}`)).toEqual(refusal('owner'))
  expect(await limited('PUT', `/${id}/acl`, { acl: '192.0.2.2' })).toEqual(refusal('owner'))
  expect(await server.ask('DELETE', `/clients/alpha/tunnels/${id}`)).toMatchObject({ status: 204 })
})
