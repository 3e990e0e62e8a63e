import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectTestAgent } from '../../testing/test-agent.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
  await connectTestAgent(server.clients, { request: { id: 'alpha', name: 'Alpha', tags: ['linux', 'dc1'] } })
  await connectTestAgent(server.clients, { request: { id: 'beta', name: 'Beta', tags: ['linux', 'dc2'] } })
})
afterEach(() => server.close())

const ask = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, user = 'admin') => {
  const answer = await server.ask(method, path, { user, body })
  const { data, meta, errors } = answer.body as {
    data?: never
    meta?: { count: number }
    errors?: { title: string; detail: string }[]
  }
  return { status: answer.status, data, count: meta?.count, error: errors?.[0] && [errors[0].title, errors[0].detail] }
}

describe('a client group', () => {
  it('has the clients that are like it, now and later', async () => {
    expect(await ask('POST', '/client-groups', { id: 'dc', params: { tag: ['dc*'] } })).toMatchObject({ status: 201 })
    await ask('POST', '/client-groups', { id: 'dc1', params: { tag: { and: ['linux', 'dc1'] } } })
    expect((await ask('GET', '/client-groups/dc')).data).toEqual({
      id: 'dc',
      description: '',
      params: expect.objectContaining({ tag: ['dc*'], name: null }),
      allowed_user_groups: null,
      client_ids: ['alpha', 'beta'],
      num_clients: 2,
      num_clients_connected: 2,
    })
    expect((await ask('GET', '/clients/alpha?fields[clients]=groups')).data).toEqual({ groups: ['dc', 'dc1'] })
    expect((await ask('GET', '/clients?filter[groups]=dc1')).data).toMatchObject([{ id: 'alpha' }])
    await server.registry.update('beta', { tags: ['linux', 'dc1'] })
    expect((await ask('GET', '/clients?filter[groups]=dc1')).count).toBe(2)
    await ask('PUT', '/client-groups/dc1', { id: 'dc1', description: 'new', params: { name: ['nobody'] } })
    expect((await ask('GET', '/client-groups/dc1?fields[client_groups]=description,client_ids')).data).toEqual({
      description: 'new',
      client_ids: null,
    })
    await ask('DELETE', '/client-groups/dc')
    expect((await ask('GET', '/clients/alpha?fields[clients]=groups')).data).toEqual({ groups: [] })
  })

  it('opens its clients to its user groups, in every list, and nothing else', async () => {
    const hidden = await ask('GET', '/clients/alpha', undefined, 'limited')
    expect(hidden).toMatchObject({ status: 403, error: ['Access denied to client(s) with ID(s): alpha', ''] })
    await ask('POST', '/client-groups', {
      id: 'ours',
      params: { name: ['a*'] },
      allowed_user_groups: ['operators'],
    })
    await ask('POST', '/client-groups', { id: 'others', params: { name: ['b*'] }, allowed_user_groups: ['viewers'] })
    const limited = (path: string) => ask('GET', path, undefined, 'limited')
    expect((await limited('/clients')).data).toMatchObject([{ id: 'alpha' }])
    expect((await limited('/clients/alpha')).status).toBe(200)
    expect((await limited('/clients/beta')).status).toBe(403)
    expect((await limited('/client-tags')).data).toEqual([
      { tag: 'dc1', client_ids: ['alpha'] },
      { tag: 'linux', client_ids: ['alpha'] },
    ])
    expect(await limited('/client-groups')).toMatchObject({ data: [{ id: 'ours' }], count: 1 })
    expect(await limited('/client-groups/others')).toMatchObject({
      status: 404,
      error: ['Client Group[id="others"] not found.', ''],
    })
    await ask('DELETE', '/client-groups/ours')
    expect((await limited('/clients')).data).toEqual([])
  })

  it.each([
    [{ params: {} }, 'group ID cannot be empty'],
    [{ id: 'a234567890123456789012345678901', params: {} }, 'invalid group ID: max length 30, got 31'],
    [{ id: 'a b', params: {} }, 'invalid group ID "a b": can contain only "A-Za-z0-9_-*"'],
    [{ id: 'a' }, 'params are missing: {} is a group without clients'],
    [{ id: 'a', params: { tag: { xor: ['a'] } } }, 'error, only and/or is allowed for tags group definitions'],
    [{ id: 'a', params: { tag: { AND: ['a'] } } }, 'error, only and/or is allowed for tags group definitions'],
    [{ id: 'a', params: { tag: { and: [], or: [] } } }, 'error, only and/or is allowed for tags group definitions'],
  ])('cannot be %j', async (body, detail) => {
    expect(await ask('POST', '/client-groups', body)).toMatchObject({
      status: 400,
      error: ['Invalid client group.', detail],
    })
    expect((await ask('GET', '/client-groups')).count).toBe(0)
  })

  it('exists once, keeps its id, and need not exist to be deleted', async () => {
    await ask('POST', '/client-groups', { id: 'a', params: {} })
    expect((await ask('POST', '/client-groups', { id: 'a', params: {} })).error).toEqual([
      'Failed to persist a new client group.',
      'A client group with the id "a" already exists.',
    ])
    expect(await ask('PUT', '/client-groups/a', { id: 'b', params: {} })).toMatchObject({
      status: 400,
      error: ['"group_id" route param doesn\'t not match group ID from request body.', ''],
    })
    expect((await ask('DELETE', '/client-groups/none')).status).toBe(204)
    expect((await ask('POST', '/client-groups', { id: 'x', params: {} }, 'limited')).status).toBe(403)
  })

  it('is one of a bounded number', async () => {
    for (let n = 0; n < 1000; n += 1) await ask('PUT', `/client-groups/g${n}`, { id: `g${n}`, params: {} })
    expect((await ask('POST', '/client-groups', { id: 'x', params: {} })).error?.[0]).toBe(
      'There are 1000 client groups already.',
    )
    const page = await ask('GET', '/client-groups?sort=-id&page[limit]=2&page[offset]=1')
    expect(page).toMatchObject({ data: [{ id: 'g998' }, { id: 'g997' }], count: 1000 })
  })
})
