import { data, endpoint } from '@rport/api'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { judgePath } from './request-path.ts'
import { basic, createTestApp, oneRoute } from './testing/test-app.ts'

const TEXT_TYPE = 'text/plain; charset=utf-8'
const status = endpoint({
  method: 'GET',
  path: '/status',
  summary: 'Show',
  auth: 'none',
  reply: data(z.string()),
  errors: [],
})
const named = endpoint({ ...status, path: '/clients/{client_id}/things/{thing}' })
const { app } = createTestApp([
  oneRoute(status, () => 'fine'),
  oneRoute(named, ({ params }) => `${params.client_id}|${params.thing}`),
])

describe('unknown routes', () => {
  test.each([
    ['GET', '/api/v1/no-such-route'],
    ['PATCH', '/api/v1/status'],
    ['DELETE', '/api/v1/status'],
    ['PROPFIND', '/api/v1/status'],
    ['OPTIONS', '/api/v1/status'],
    ['GET', '/api/v1/status/'],
    ['GET', '/api/v1/Status'],
    ['GET', '/API/v1/status'],
    ['GET', '/'],
    ['GET', '/api/v1/clients/a%2Fb/things/c'],
    ['GET', '/api/v1/clients/a%2fb/things/c'],
    ['GET', '/api/v1/clients/a/things/'],
    ['GET', '/status'],
  ])('%s %s is the plain 404, without credentials', async (method, url) => {
    const reply = await app.inject({ method: method as 'GET', url })
    expect([reply.statusCode, reply.body]).toEqual([404, '404 page not found\n'])
    expect(reply.headers).toMatchObject({ 'content-type': TEXT_TYPE, 'x-content-type-options': 'nosniff' })
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('HEAD is not routed', async () => {
    const reply = await app.inject({ method: 'HEAD', url: '/api/v1/status' })
    expect(reply.statusCode).toBe(404)
    expect(reply.headers['content-type']).toBe(TEXT_TYPE)
  })
})

describe('path parameters', () => {
  test.each([
    ['/api/v1/clients/agent%2Dbeta/things/1', 'agent-beta|1'],
    ['/api/v1/clients/%C3%A4%20b/things/%00', 'ä b|\0'],
    ['/api/v1/clients/a:b/things/c.d', 'a:b|c.d'],
    ['/api/v1/clients/a%253Ab/things/x?y=/../', 'a%3Ab|x'],
    [`/api/v1/clients/${'x'.repeat(5000)}/things/1`, `${'x'.repeat(5000)}|1`],
  ])('%s are percent-decoded once', async (url, expected) => {
    const reply = await app.inject({ url })
    expect(reply.json()).toEqual({ data: expected })
  })

  test.each(['/api/v1/clients/%zz/things/1', '/api/v1/clients/%ff/things/1', '/%', '/api/v1/status%'])(
    '%s is malformed',
    async (url) => {
      const reply = await app.inject({ url })
      expect([reply.statusCode, reply.body]).toEqual([400, '400 Bad Request\n'])
      expect(reply.headers['content-type']).toBe(TEXT_TYPE)
    },
  )
})

describe('paths that are not clean', () => {
  test.each([
    ['/api/v1//status', '/api/v1/status'],
    ['/api/v1/clients/../status', '/api/v1/status'],
    ['/api/v1/./status?a=%2F&b=//', '/api/v1/status?a=%2F&b=//'],
    ['/api/v1/%2e%2e/v1/status', '/api/v1/status'],
    ['//evil.example.com/..', '/'],
    ['//evil.example.com/x', '/evil.example.com/x'],
    ['//%5Cevil.example.com', '/%5Cevil.example.com'],
    ['/../../etc/', '/etc/'],
    ['/no//such/route', '/no/such/route'],
    ['/a//b%20%C3%A4', '/a/b%20%C3%A4'],
  ])('%s leads to %s', async (url, location) => {
    const verdict = judgePath(url)
    expect(verdict).toEqual({ kind: 'redirect', location })
    expect(judgePath(location).kind).toBe('clean')
  })

  test('are answered with an empty 301', async () => {
    const reply = await app.inject({ url: '/api/v1//status', headers: basic('admin') })
    expect([reply.statusCode, reply.headers.location, reply.body]).toEqual([301, '/api/v1/status', ''])
    expect(reply.headers['content-type']).toBeUndefined()
  })

  test('an address in absolute form is no path', () => {
    expect(judgePath('http://evil.example.com/api/v1/status')).toEqual({ kind: 'unroutable' })
    expect(judgePath('*')).toEqual({ kind: 'unroutable' })
  })
})

describe('the query', () => {
  test.each([
    ['filter[id]=%zz', 'invalid URL escape "%zz"'],
    ['a=1;b=2', 'invalid semicolon separator in query'],
  ])('%s is refused as plain text', async (query, reason) => {
    const reply = await app.inject({ url: `/api/v1/status?${query}` })
    expect(reply.statusCode).toBe(400)
    expect(reply.body).toBe(`Request data exceeds the limit of 10240 bytes: ${reason}\n`)
    expect(reply.headers).toMatchObject({ 'content-type': TEXT_TYPE, vary: 'Origin, Accept-Encoding' })
  })

  test('is judged after the credentials', async () => {
    const closed = createTestApp([oneRoute(endpoint({ ...status, auth: 'user' }), () => 'x')]).app
    expect((await closed.inject({ url: '/api/v1/status?a=%zz' })).statusCode).toBe(401)
  })
})

describe('CORS', () => {
  const origin = 'https://ui.example.com'

  test('an allowed origin may read the answer, with its credentials', async () => {
    const reply = await app.inject({ url: '/api/v1/status', headers: { origin } })
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'Origin, Accept-Encoding',
    })
  })

  test('a foreign origin may not', async () => {
    const reply = await app.inject({ url: '/api/v1/status', headers: { origin: 'https://evil.example.com' } })
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
    expect(reply.headers['access-control-allow-credentials']).toBeUndefined()
  })

  test('without configured origins nothing varies by origin', async () => {
    const config = { maxRequestBytes: 100, cors: { origins: [], answersPreflight: true } }
    const bare = createTestApp([oneRoute(status, () => 'x')], { config }).app
    const reply = await bare.inject({ url: '/api/v1/status', headers: { origin } })
    expect(reply.headers.vary).toBe('Accept-Encoding')
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  })

  describe('preflight, while files are served', () => {
    const config = { maxRequestBytes: 100, cors: { origins: [origin], answersPreflight: true } }
    const open = createTestApp([oneRoute(status, () => 'x')], { config }).app
    const ask = (headers: Record<string, string>) => open.inject({ method: 'OPTIONS', url: '/api/v1/status', headers })
    const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'

    test('is granted for what the API uses', async () => {
      const reply = await ask({
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'Authorization',
      })
      expect(reply.statusCode).toBe(204)
      expect(reply.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'Authorization',
        vary,
      })
    })

    test.each([
      ['a foreign origin', { origin: 'https://evil.example.com', 'access-control-request-method': 'GET' }],
      ['another method', { origin, 'access-control-request-method': 'PATCH' }],
      [
        'another header',
        { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'X-Evil' },
      ],
    ])('is not granted for %s', async (_what, headers) => {
      const reply = await ask(headers)
      expect(reply.statusCode).toBe(204)
      expect(reply.headers['access-control-allow-origin']).toBeUndefined()
      expect(reply.headers['access-control-allow-methods']).toBeUndefined()
      expect(reply.headers.vary).toBe(vary)
    })

    test('any other OPTIONS is unknown', async () => {
      expect((await ask({ origin })).statusCode).toBe(404)
    })
  })

  test('a star opens the API to every origin', async () => {
    const config = { maxRequestBytes: 100, cors: { origins: ['*'], answersPreflight: false } }
    const open = createTestApp([oneRoute(status, () => 'x')], { config }).app
    const reply = await open.inject({ url: '/api/v1/status', headers: { origin } })
    expect(reply.headers['access-control-allow-origin']).toBe('*')
  })
})
