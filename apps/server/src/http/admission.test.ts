import { apiError, data, empty, endpoint } from '@rport/api'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { AccessPolicy, Attempt } from './doors.ts'
import { basic, createTestApp, oneRoute } from './testing/test-app.ts'

const error = (title: string, detail = '', code = '') => ({ errors: [{ code, title, detail }] })
const who = endpoint({
  method: 'GET',
  path: '/who',
  summary: 'Show',
  auth: 'user',
  reply: data(z.unknown()),
  errors: [],
})
const client = endpoint({
  ...who,
  method: 'PUT',
  path: '/clients/{client_id}',
  clientAccess: true,
  permission: 'tunnels',
  admin: true,
  body: z.object({ a: z.string().default('') }),
})

describe('credentials', () => {
  const { app } = createTestApp([oneRoute(who, ({ actor }) => actor)])
  const ask = (headers: Record<string, string>) => app.inject({ url: '/api/v1/who', headers })

  test('Basic makes the actor', async () => {
    const reply = await ask(basic('admin'))
    expect(reply.json()).toEqual({
      data: { username: 'admin', groups: ['Administrators'], proof: 'password', address: '127.0.0.1' },
    })
  })

  test.each(['Bearer good', 'bearer good', 'BEARER   good '])('%j is a bearer', async (authorization) => {
    expect((await ask({ authorization })).json().data.proof).toBe('session')
  })

  test.each([
    ['no header', {}],
    ['an empty one', { authorization: '' }],
    ['another scheme', { authorization: 'Digest abc' }],
    ['no base64', { authorization: 'Basic ***' }],
    ['no colon', { authorization: `Basic ${Buffer.from('admin').toString('base64')}` }],
    ['an empty name', { authorization: `Basic ${Buffer.from(':secret').toString('base64')}` }],
    ['a wrong password', basic('admin', 'wrong')],
    ['a bearer that is no token', { authorization: 'Bearer abc' }],
  ])('%s is 401', async (_what, headers) => {
    const reply = await ask(headers)
    expect([reply.statusCode, reply.json()]).toEqual([401, error('unauthorized')])
    expect(reply.headers['www-authenticate']).toBeUndefined()
  })

  test('a password may hold colons and any letters', async () => {
    const seen: string[] = []
    const authenticator = {
      basic: async (name: string, password: string) => {
        seen.push(name, password)
        return { kind: 'refused', error: apiError('unauthorized') } as const
      },
      bearer: vi.fn(),
      anonymous: vi.fn(),
    }
    const { app } = createTestApp([oneRoute(who, () => 1)], { authenticator })
    await app.inject({ url: '/api/v1/who', headers: basic('ädmin', 'p:ä:') })
    expect(seen).toEqual(['ädmin', 'p:ä:'])
  })

  test('refusals are passed on as they are', async () => {
    const refuse = async () => ({ kind: 'refused', error: apiError('too_many_attempts') }) as const
    const authenticator = { basic: refuse, bearer: refuse, anonymous: refuse }
    const { app } = createTestApp([oneRoute(who, () => 1)], { authenticator })
    for (const headers of [{}, basic('admin'), { authorization: 'Bearer x' }]) {
      const reply = await app.inject({ url: '/api/v1/who', headers })
      expect([reply.statusCode, reply.json()]).toEqual([429, error('too many requests, please try later')])
    }
  })

  test('the authenticator learns where the request comes from and what it wants', async () => {
    const attempts: Attempt[] = []
    const refuse = async (...given: unknown[]) => {
      attempts.push(given.at(-1) as Attempt)
      return { kind: 'refused', error: apiError('unauthorized') } as const
    }
    const { app } = createTestApp([oneRoute(client, () => 1)], {
      authenticator: { basic: refuse, bearer: refuse, anonymous: refuse },
    })
    const headers = { 'x-forwarded-for': '8.8.8.8, 203.0.113.20', 'user-agent': 'curl/8' }
    await app.inject({ method: 'PUT', url: '/api/v1/clients/a?b=c', headers })
    expect(attempts).toEqual([
      { origin: { address: '203.0.113.20', userAgent: 'curl/8' }, method: 'PUT', path: '/api/v1/clients/a' },
    ])
  })

  test('a proxy that is not trusted is the caller himself', async () => {
    const { app } = createTestApp([oneRoute(who, ({ origin }) => origin.address)], { trustedProxies: [] })
    const reply = await app.inject({ url: '/api/v1/who', headers: { ...basic('admin'), 'x-forwarded-for': '8.8.8.8' } })
    expect(reply.json()).toEqual({ data: '127.0.0.1' })
  })
})

describe('rights', () => {
  const { app } = createTestApp([oneRoute(client, () => 'done')])
  const put = (id: string, headers: Record<string, string>) =>
    app.inject({ method: 'PUT', url: `/api/v1/clients/${id}`, headers, payload: '{"nonsense":1}' })

  test('are checked before the body', async () => {
    const reply = await put('known', basic('admin'))
    expect([reply.statusCode, reply.json()]).toEqual([
      400,
      error('Invalid JSON data.', 'json: unknown field "nonsense"'),
    ])
  })

  test('an unknown client comes first, for administrators, too', async () => {
    for (const name of ['admin', 'limited']) {
      const reply = await put('none', basic(name))
      expect([reply.statusCode, reply.json()]).toEqual([404, error('Client with id="none" not found.')])
    }
  })

  test('then the access to the client', async () => {
    const reply = await put('closed', basic('limited'))
    expect([reply.statusCode, reply.json()]).toEqual([403, error('Access denied to client(s) with ID(s): closed')])
  })

  test('then the permission', async () => {
    const reply = await put('known', basic('limited'))
    expect([reply.statusCode, reply.json()]).toEqual([403, error('user does not have "tunnels" permission')])
  })

  test('then the group', async () => {
    const accessPolicy: AccessPolicy = { permission: () => true, isAdmin: () => false, clientAccess: () => 'allowed' }
    const { app } = createTestApp([oneRoute(client, () => 'done')], { accessPolicy })
    const reply = await app.inject({ method: 'PUT', url: '/api/v1/clients/a', headers: basic('limited') })
    expect([reply.statusCode, reply.json()]).toEqual([
      403,
      error('current user should belong to Administrators group to access this resource'),
    ])
  })

  test('without credentials nothing is told about clients', async () => {
    const reply = await put('none', {})
    expect(reply.statusCode).toBe(401)
  })
})

describe('bans', () => {
  const open = endpoint({ ...who, path: '/open', auth: 'none' })
  const login = endpoint({ ...who, method: 'POST', path: '/login', auth: 'login', body: z.object({ a: z.string() }) })
  const handled = vi.fn(() => 1)
  const { app, banned, failures } = createTestApp([
    oneRoute(open, handled),
    oneRoute(who, handled),
    oneRoute(login, handled),
  ])

  test('shut an address out of every operation', async () => {
    banned.add('203.0.113.30')
    for (const url of ['/api/v1/open', '/api/v1/who']) {
      const reply = await app.inject({ url, headers: { ...basic('admin'), 'x-forwarded-for': '203.0.113.30' } })
      expect([reply.statusCode, reply.body]).toEqual([423, 'Too many bad attempts. Please try later.\n'])
      expect(reply.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
        vary: 'Origin, Accept-Encoding',
      })
    }
    expect(handled).not.toHaveBeenCalled()
    const other = await app.inject({ url: '/api/v1/open', headers: { 'x-forwarded-for': '203.0.113.31' } })
    expect(other.statusCode).toBe(200)
  })

  test('a log-in that cannot be read counts as a failed one', async () => {
    await app.inject({
      method: 'POST',
      url: '/api/v1/login',
      payload: '{',
      headers: { 'x-forwarded-for': '203.0.113.40' },
    })
    expect(failures).toEqual(['203.0.113.40'])
  })
})

test('endpoints that judge credentials themselves are handed them unjudged', async () => {
  const login = endpoint({ ...who, path: '/login', auth: 'login' })
  const logout = endpoint({ ...who, method: 'DELETE', path: '/logout', auth: 'bearer', reply: empty() })
  const seen: unknown[] = []
  const { app } = createTestApp([
    oneRoute(login, ({ actor, credentials, header }) => [actor, credentials, header('x-user')]),
    oneRoute(logout, ({ credentials }) => void seen.push(credentials)),
  ])
  const reply = await app.inject({ url: '/api/v1/login', headers: { ...basic('a', 'wrong'), 'x-user': 'b' } })
  expect(reply.json()).toEqual({ data: [null, { kind: 'basic', name: 'a', password: 'wrong' }, 'b'] })
  await app.inject({ method: 'DELETE', url: '/api/v1/logout', headers: { authorization: 'Bearer abc' } })
  await app.inject({ method: 'DELETE', url: '/api/v1/logout' })
  expect(seen).toEqual([{ kind: 'bearer', token: 'abc' }, { kind: 'none' }])
})
