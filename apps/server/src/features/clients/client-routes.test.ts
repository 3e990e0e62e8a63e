import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectTestAgent, type TestAgent } from '../../testing/test-agent.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

let server: TestServer
const agents: TestAgent[] = []
beforeAll(async () => {
  server = await startTestServer()
  const fleet = [
    { id: 'agent-alpha', name: 'Alpha', tags: ['linux', 'dc1'], labels: { city: 'Cologne', country: 'Germany' } },
    { id: 'agent-beta', name: 'Beta', tags: ['linux', 'dc2'], labels: { city: 'Berlin' } },
    { id: 'agent-gamma', name: 'Gamma', tags: ['spare'], hostname: 'other' },
  ]
  for (const request of fleet) agents.push(await connectTestAgent(server.clients, { request }))
  await agents[2]?.leave()
  await server.registry.update('agent-beta', { allowedUserGroups: ['operators'] })
})
afterAll(() => server.close())

const ids = async (query: string, user = 'admin') => {
  const { body } = await server.ask('GET', `/clients?${encodeURI(query)}`, { user })
  const { data, meta } = body as { data: { id: string }[]; meta: { count: number } }
  return [data.map(({ id }) => id.replace('agent-', '')), meta.count]
}
const titles = (body: unknown) => (body as { errors: { title: string }[] }).errors.map(({ title }) => title)

describe('the list', () => {
  test('shows id, name and hostname in the order of ids', async () => {
    expect(await server.ask('GET', '/clients')).toEqual({
      status: 200,
      body: {
        data: [
          { id: 'agent-alpha', name: 'Alpha', hostname: 'vm' },
          { id: 'agent-beta', name: 'Beta', hostname: 'vm' },
          { id: 'agent-gamma', name: 'Gamma', hostname: 'other' },
        ],
        meta: { count: 3 },
      },
    })
  })

  test.each<[string, string[], number?]>([
    ['sort=-name', ['gamma', 'beta', 'alpha']],
    ['sort=hostname', ['gamma', 'alpha', 'beta']],
    ['page[limit]=2', ['alpha', 'beta'], 3],
    ['page[limit]=2&page[offset]=2', ['gamma'], 3],
    ['page[offset]=50', [], 3],
    ['sort=-id&page[limit]=1&page[offset]=1', ['beta'], 3],
    ['limit=1&filter=1&page=2', ['alpha', 'beta', 'gamma']],
    ['filter[id]=agent-beta', ['beta']],
    ['filter[name]=BETA', ['beta']],
    ['filter[name]=Alpha,Beta&page[limit]=1&page[offset]=1', ['beta'], 2],
    ['filter[id]=agent-*a', ['alpha', 'beta', 'gamma']],
    ['filter[tags]=linux&filter[name]=Beta', ['beta']],
    ['filter[id|name]=Gamma,agent-alpha', ['alpha', 'gamma']],
    ['filter[*]=dc2', ['beta']],
    ['filter[tags]=and(linux,dc1)', ['alpha']],
    ['filter[tags]=or(dc1,spare)', ['alpha', 'gamma']],
    ['filter[labels]=city: Berlin', ['beta']],
    ['filter[labels]=country:*', ['alpha']],
    ['filter[connection_state]=disconnected', ['gamma']],
    ['filter[num_cpus]=2&sort=-id', ['gamma', 'beta', 'alpha']],
    ['filter[id]=none', []],
  ])('%s', async (query, expected, count = expected.length) => {
    expect(await ids(query)).toEqual([expected, count])
  })

  test('a filter finds what has changed since it was asked last', async () => {
    const question = 'filter[tags]=moved'
    expect(await ids(question)).toEqual([[], 0])
    const { tags } = server.registry.find('agent-beta') ?? {}
    await server.registry.update('agent-beta', { tags: ['moved'] })
    expect(await ids(question)).toEqual([['beta'], 1])
    expect(await ids(question, 'limited')).toEqual([['beta'], 1])
    await server.registry.update('agent-beta', { tags: tags ?? null })
    expect(await ids(question)).toEqual([[], 0])
  })

  test('a user sees what is shared with his groups, and counts it', async () => {
    expect(await ids('', 'limited')).toEqual([['beta'], 1])
    expect(await ids('filter[tags]=linux', 'limited')).toEqual([['beta'], 1])
    expect(await ids('', 'stranger')).toEqual([[], 0])
  })

  test('all faults of a query come together', async () => {
    const query = 'sort=foo&filter[foo]=1&fields[clients]=foo&page[limit]=0&page[offset]=-5'
    const { status, body } = await server.ask('GET', `/clients?${query}`)
    expect([status, titles(body)]).toEqual([
      400,
      [
        "unsupported sort field 'foo'",
        "unsupported filter field 'filter[foo]'",
        'unsupported field "foo" for resource "clients"',
        'pagination limit must be positive',
        'pagination offset must not be negative',
      ],
    ])
    expect(titles((await server.ask('GET', '/clients?sort=name&sort=id')).body)).toEqual([
      'Only one sort field is supported for clients.',
    ])
  })
})

describe('one client', () => {
  test('has all fields of the original, null where nothing is known', async () => {
    const client = await server.sdk.clients.get({ params: { client_id: 'agent-alpha' } })
    expect(Object.keys(client).sort()).toEqual(
      'address allowed_user_groups client_auth_id client_configuration connection_state cpu_family cpu_model cpu_model_name cpu_vendor disconnected_at ext_ip_addresses groups hostname id ipv4 ipv6 labels last_heartbeat_at mem_total name num_cpus os os_arch os_family os_full_name os_kernel os_version os_virtualization_role os_virtualization_system tags timezone tunnels updates_status version'.split(
        ' ',
      ),
    )
    expect(client).toMatchObject({
      id: 'agent-alpha',
      address: '192.0.2.7',
      connection_state: 'connected',
      disconnected_at: null,
      last_heartbeat_at: null,
      allowed_user_groups: null,
      tunnels: [],
      updates_status: null,
      ext_ip_addresses: null,
      groups: [],
      labels: { city: 'Cologne', country: 'Germany' },
      mem_total: 4_294_967_296,
    })
  })

  test('shows the fields that are asked for; external addresses under another name', async () => {
    const fields = (names: string) => server.ask('GET', `/clients/agent-gamma?fields[clients]=${names}`)
    expect((await fields('id,tags,labels')).body).toEqual({
      data: { id: 'agent-gamma', tags: ['spare'], labels: null },
    })
    expect((await fields('ip_addresses,connection_state')).body).toEqual({
      data: { ext_ip_addresses: null, connection_state: 'disconnected' },
    })
    expect((await fields('ext_ip_addresses')).status).toBe(400)
  })

  test('is not found, or not accessible, in the words of the original', async () => {
    const unknown = await server.ask('GET', '/clients/none')
    expect([unknown.status, titles(unknown.body)]).toEqual([404, ['Client with id="none" not found.']])
    const denied = await server.ask('GET', '/clients/agent-alpha', { user: 'limited' })
    expect([denied.status, titles(denied.body)]).toEqual([403, ['Access denied to client(s) with ID(s): agent-alpha']])
    expect((await server.ask('GET', '/clients/agent-beta', { user: 'limited' })).status).toBe(200)
  })

  test('is released by an administrator, and only while it is away', async () => {
    expect(await server.ask('POST', '/clients/agent-alpha/release')).toMatchObject({ status: 400 })
    expect(await server.ask('POST', '/clients/agent-beta/release', { user: 'limited' })).toMatchObject({ status: 403 })
    expect(await server.ask('POST', '/clients/nobody/release')).toMatchObject({ status: 404 })
    expect(await server.ask('POST', '/clients/agent-gamma/release')).toEqual({ status: 204, body: '' })
    expect(server.registry.find('agent-gamma')?.clientAuthId).toBe('')
  })

  test('is deleted only while it is away', async () => {
    const active = await server.ask('DELETE', '/clients/agent-alpha')
    expect([active.status, titles(active.body)]).toEqual([400, ['Client is active, should be disconnected']])
    const away = await connectTestAgent(server.clients, { request: { id: 'away' } })
    await away.leave()
    expect(await server.ask('DELETE', '/clients/away')).toEqual({ status: 204, body: '' })
    expect((await server.ask('DELETE', '/clients/away')).status).toBe(404)
  })
})

describe('tags', () => {
  test.each([
    [
      '',
      [
        ['dc1', ['alpha']],
        ['dc2', ['beta']],
        ['linux', ['alpha', 'beta']],
        ['spare', ['gamma']],
      ],
      4,
    ],
    [
      '?page[limit]=2&page[offset]=1',
      [
        ['dc2', ['beta']],
        ['linux', ['alpha', 'beta']],
      ],
      4,
    ],
  ])('of all clients, sorted%s', async (query, expected, count) => {
    const { body } = await server.ask('GET', `/client-tags${query}`)
    const data = expected.map(([tag, names]) => ({
      tag,
      client_ids: (names as string[]).map((name) => `agent-${name}`),
    }))
    expect(body).toEqual({ data, meta: { count } })
  })

  test('with chosen fields, and only of visible clients', async () => {
    expect((await server.ask('GET', '/client-tags?fields[client_tags]=tag', { user: 'limited' })).body).toEqual({
      data: [{ tag: 'dc2' }, { tag: 'linux' }],
      meta: { count: 2 },
    })
    expect((await server.ask('GET', '/client-tags', { user: 'stranger' })).body).toEqual({
      data: [],
      meta: { count: 0 },
    })
    expect(titles((await server.ask('GET', '/client-tags?fields[client_tags]=x')).body)).toEqual([
      'unsupported field "x" for resource "client_tags"',
    ])
  })
})
