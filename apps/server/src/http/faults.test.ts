import { apiError, bare, data, endpoint, page, plainError } from '@rport/api'
import { createFakeClock } from '@rport/kit/testing'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { DatabaseError } from '../db/index.ts'
import { maskedUrl } from './masked-url.ts'
import { openApiRoutes } from './open-api-routes.ts'
import { basic, createTestApp, oneRoute } from './testing/test-app.ts'

const spec = endpoint({
  method: 'GET',
  path: '/things',
  summary: 'List',
  auth: 'none',
  reply: data(z.array(z.string())),
  errors: ['tunnel_not_found'],
})
const ask = (app: ReturnType<typeof createTestApp>['app'], url = '/api/v1/things') => app.inject({ url })
const error = (title: string, detail = '', code = '') => ({ errors: [{ code, title, detail }] })

describe('errors of handlers', () => {
  test('expected ones are answered as they are', async () => {
    const { app } = createTestApp([
      oneRoute(spec, () => {
        throw apiError('tunnel_exists')
      }),
    ])
    const reply = await ask(app)
    expect([reply.statusCode, reply.json()]).toEqual([400, error('Tunnel already exist.', '', 'ERR_CODE_TUNNEL_EXIST')])
  })

  test('plain ones are answered as plain text', async () => {
    const { app } = createTestApp([oneRoute(spec, () => Promise.reject(plainError('page_not_found')))])
    expect((await ask(app)).body).toBe('404 page not found\n')
  })

  test.each([
    ['an error', new Error('password of db is geheim')],
    ['a text', 'geheim'],
    ['nothing', undefined],
  ])('%s is a 500 that shows a number and nothing else, the log has the rest once', async (_what, thrown) => {
    const { app, log } = createTestApp([oneRoute(spec, () => Promise.reject(thrown))])
    const reply = await ask(app)
    expect([reply.statusCode, reply.json()]).toEqual([500, error('internal error, request id r-1')])
    const failed = log.lines.filter((line) => line.level === 'error')
    expect(failed).toHaveLength(1)
    expect(failed[0]).toMatchObject({
      message: 'request failed',
      fields: { requestId: 'r-1', method: 'GET', path: '/api/v1/things', error: expect.any(Error) },
    })
  })

  test.each([
    ['full', 507, 'The disk of the server is full, nothing was changed. Please try again when there is room.'],
    ['busy', 503, 'The database of the server cannot be used at the moment, please try again.'],
    ['damaged', 503, 'The database of the server cannot be used at the moment, please try again.'],
  ] as const)('a database that is %s is told without a word of its own', async (failure, status, title) => {
    const thrown = new DatabaseError(failure, '/var/lib/rport/rportd.db says no')
    const { app, log } = createTestApp([oneRoute(spec, () => Promise.reject(thrown))])
    const reply = await ask(app)
    expect([reply.statusCode, reply.json()]).toEqual([status, error(title)])
    expect(log.lines.filter((line) => line.level === 'error')).toMatchObject([{ fields: { error: thrown } }])
  })

  test('a value that JSON cannot write is a fault of ours', async () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const { app } = createTestApp([oneRoute(endpoint({ ...spec, reply: bare(z.unknown()) }), () => circle)])
    expect((await ask(app)).statusCode).toBe(500)
  })

  test('a failing authenticator or policy is a fault of ours, not a way in', async () => {
    const broken = () => Promise.reject(new Error('database gone'))
    const closed = endpoint({ ...spec, auth: 'user', permission: 'tunnels' })
    const handled = vi.fn()
    const parts = [
      { authenticator: { basic: broken, bearer: broken, anonymous: broken } },
      { accessPolicy: { permission: broken, isAdmin: broken, clientAccess: broken } },
    ]
    for (const part of parts) {
      const { app } = createTestApp([oneRoute(closed, handled)], part)
      expect((await app.inject({ url: '/api/v1/things', headers: basic('admin') })).statusCode).toBe(500)
    }
    expect(handled).not.toHaveBeenCalled()
  })
})

describe('a database that is away', () => {
  const gone = () => Promise.reject(new DatabaseError('unreachable', 'the database at 10.0.0.5:5432 cannot be reached'))

  test.each([
    ['behind a handler', () => createTestApp([oneRoute(spec, gone)]).app],
    [
      'behind the door',
      () =>
        createTestApp([oneRoute({ ...spec, auth: 'user' }, () => [])], {
          authenticator: { basic: gone, bearer: gone, anonymous: gone },
        }).app,
    ],
  ])('%s is 503, says when to come back, and does not say where it is', async (_where, appOf) => {
    const reply = await ask(appOf())
    expect([reply.statusCode, reply.headers['retry-after'], reply.json()]).toEqual([
      503,
      '5',
      error('The database of the server cannot be used at the moment, please try again.'),
    ])
  })
})

describe('deadlines and crowds', () => {
  const config = {
    maxRequestBytes: 100,
    cors: { origins: [], answersPreflight: false },
    limits: { maxActiveRequests: 1 },
  }

  test('a handler that takes too long is given up and told so', async () => {
    const clock = createFakeClock()
    const started = Promise.withResolvers<AbortSignal>()
    const hanging = oneRoute(spec, ({ signal }) => {
      started.resolve(signal)
      return new Promise(() => undefined)
    })
    const { app } = createTestApp([hanging], { clock })
    const reply = ask(app)
    const signal = await started.promise
    await clock.advance(90_000)
    expect((await reply).json()).toEqual(error('The request took too long and was given up.'))
    expect((await reply).statusCode).toBe(503)
    expect(signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('one request too many is sent away, the others are not disturbed', async () => {
    const first = Promise.withResolvers<string[]>()
    const started = Promise.withResolvers<void>()
    const slow = oneRoute(spec, () => {
      started.resolve()
      return first.promise
    })
    const { app } = createTestApp([slow], { config })
    const running = ask(app)
    await started.promise
    const refused = await ask(app)
    expect([refused.statusCode, refused.json()]).toEqual([503, error('The server is busy, please try again.')])
    first.resolve(['a'])
    expect((await running).statusCode).toBe(200)
    expect((await ask(app)).statusCode).toBe(200)
  })
})

describe('strict contract', () => {
  const config = { maxRequestBytes: 100, cors: { origins: [], answersPreflight: false }, strictContract: true }
  const answerOf = async (route: typeof spec, handle: () => unknown) =>
    (await ask(createTestApp([oneRoute(route, handle)], { config }).app)).statusCode

  test('lets through what is declared', async () => {
    expect(await answerOf(spec, () => ['a'])).toBe(200)
    expect(await answerOf(spec, () => Promise.reject(apiError('tunnel_not_found')))).toBe(404)
    expect(await answerOf(spec, () => Promise.reject(apiError('request_timeout')))).toBe(503)
  })

  test('stops a reply or an error that is not', async () => {
    expect(await answerOf(spec, () => [5])).toBe(500)
    expect(await answerOf(spec, () => Promise.reject(apiError('tunnel_exists')))).toBe(500)
    const paged = endpoint({ ...spec, reply: page(z.string()) })
    expect(await answerOf(paged as never, () => ({ items: ['a'], count: -1 }))).toBe(500)
  })
})

describe('the log of requests', () => {
  test('has the facts and no secrets', async () => {
    const { app, log } = createTestApp([oneRoute(endpoint({ ...spec, auth: 'user' }), () => ['a'])])
    await app.inject({ url: '/api/v1/things?auth_password=geheim&a=1', headers: basic('admin') })
    expect(log.lines).toEqual([
      {
        level: 'debug',
        message: 'request answered',
        fields: {
          method: 'GET',
          url: '/api/v1/things?auth_password=********&a=1',
          status: 200,
          durationMs: expect.any(Number),
          address: '127.0.0.1',
          username: 'admin',
        },
      },
    ])
    expect(log.text()).not.toContain('secret')
  })

  test.each([
    ['/x', '/x'],
    ['/x?access_token=abc', '/x?access_token=********'],
    ['/x?a=1&Auth%5FPassword=p&token=', '/x?a=1&Auth%5FPassword=********&token='],
    ['/x?password', '/x?password'],
    ['/x?%zz=1&code=2', '/x?%zz=1&code=********'],
  ])('%s is logged as %s', (url, masked) => {
    expect(maskedUrl(url)).toBe(masked)
  })
})

test('the description of the API needs no credentials', async () => {
  const { app } = createTestApp([openApiRoutes('1.2.3')])
  const reply = await ask(app, '/api/v1/openapi.json')
  expect(reply.statusCode).toBe(200)
  expect(reply.json()).toMatchObject({ openapi: '3.1.0', info: { version: '1.2.3' } })
})
