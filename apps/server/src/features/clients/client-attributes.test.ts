import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectTestAgent, type TestAgent } from '../../testing/test-agent.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server.close())

const connect = (attributes: 'kept' | 'refused' = 'kept'): Promise<TestAgent> =>
  connectTestAgent(server.clients, { request: { id: 'alpha', tags: ['own'], labels: null }, attributes })
const put = (body: unknown) => server.ask('PUT', '/clients/alpha/attributes', { body })
const get = async () => (await server.ask('GET', '/clients/alpha/attributes')).body

describe('attributes', () => {
  it('of a connected client are its own to keep, and are replaced as a whole', async () => {
    const agent = await connect()
    expect(await get()).toEqual({ data: { tags: ['own'], labels: null } })
    expect(await put({ tags: ['a'], labels: { city: 'Bonn' }, foo: 1 })).toEqual({ status: 200, body: { data: 'ok' } })
    expect(agent.asked).toEqual(['update_client_metadata'])
    expect(await get()).toEqual({ data: { tags: ['a'], labels: { city: 'Bonn' } } })
    await put({ tags: ['b'] })
    expect(await get()).toEqual({ data: { tags: ['b'], labels: null } })
  })

  it('that a client refuses change nothing', async () => {
    await connect('refused')
    expect(await put({ tags: ['a'] })).toEqual({
      status: 409,
      body: { errors: [{ code: '', title: 'client error: attributes file path not set', detail: '' }] },
    })
    expect(await get()).toEqual({ data: { tags: ['own'], labels: null } })
  })

  it('of a client that is away are delivered when it comes back', async () => {
    await (await connect()).leave()
    await put({ tags: ['later'], labels: { rack: '7' } })
    expect(await get()).toEqual({ data: { tags: ['later'], labels: { rack: '7' } } })
    const agent = await connect()
    await server.clients.deliverAttributes(agent.session)
    expect(agent.asked).toEqual(['update_client_metadata'])
    expect(await get()).toEqual({ data: { tags: ['later'], labels: { rack: '7' } } })
    await server.clients.deliverAttributes(agent.session)
    expect(agent.asked).toHaveLength(1)
  })

  it('that a client cannot take when it comes back give way to its own', async () => {
    await (await connect('refused')).leave()
    await put({ tags: ['later'] })
    const agent = await connect('refused')
    await server.clients.deliverAttributes(agent.session)
    expect(await get()).toEqual({ data: { tags: ['own'], labels: null } })
    await server.clients.deliverAttributes(agent.session)
    expect(agent.asked).toHaveLength(1)
  })

  it.each([[{ tags: 'x' }], [{ labels: { a: 1 } }], [[]], [{ tags: ['x'.repeat(1001)] }]])(
    'cannot be %j',
    async (body) => {
      await connect()
      const answer = await put(body)
      expect(answer.status).toBe(400)
      expect(JSON.stringify(answer.body)).toContain('failed parsing attributes: ')
      expect(await get()).toEqual({ data: { tags: ['own'], labels: null } })
    },
  )
})

describe('the user groups of a client', () => {
  it('open it to their members, and must exist', async () => {
    await connect()
    const acl = (groups: unknown, user = 'admin') =>
      server.ask('POST', '/clients/alpha/acl', { user, body: { allowed_user_groups: groups } })
    expect((await server.ask('GET', '/clients/alpha', { user: 'limited' })).status).toBe(403)
    expect(await acl(['operators'])).toEqual({ status: 204, body: '' })
    expect((await server.ask('GET', '/clients/alpha', { user: 'limited' })).status).toBe(200)
    expect((await acl([], 'limited')).status).toBe(403)
    expect(await acl(['nothing', 'operators'])).toEqual({
      status: 404,
      body: { errors: [{ code: '', title: 'user groups not found: nothing', detail: '' }] },
    })
    await acl(null)
    expect((await server.ask('GET', '/clients/alpha', { user: 'limited' })).status).toBe(403)
    expect(server.registry.find('alpha')?.allowedUserGroups).toBeNull()
  })
})
