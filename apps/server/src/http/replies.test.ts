import { gunzipSync, inflateSync } from 'node:zlib'
import { bare, data, empty, endpoint, page } from '@rport/api'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { basic, createTestApp, oneRoute } from './testing/test-app.ts'

const JSON_TYPE = 'application/json; charset=UTF-8'

const things = endpoint({
  method: 'GET',
  path: '/things',
  summary: 'List things',
  auth: 'user',
  reply: data(z.array(z.string())),
  errors: [],
})
const thingsApp = (handle: () => unknown = () => ['a']) => createTestApp([oneRoute(things, handle)])

describe('replies', () => {
  test('data comes in its envelope with the original’s headers', async () => {
    const reply = await thingsApp().app.inject({ url: '/api/v1/things', headers: basic('admin') })
    expect(reply.statusCode).toBe(200)
    expect(reply.body).toBe('{"data":["a"]}')
    expect(reply.headers).toMatchObject({
      'content-type': JSON_TYPE,
      vary: 'Origin, Accept-Encoding',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  })

  test('a page carries its count, an absent value is null', async () => {
    const list = endpoint({ ...things, path: '/list', reply: page(z.string()) })
    const app = createTestApp([
      oneRoute(list, () => ({ items: ['a'], count: 7 })),
      oneRoute(things, () => undefined),
    ]).app
    const paged = await app.inject({ url: '/api/v1/list', headers: basic('admin') })
    expect(paged.json()).toEqual({ data: ['a'], meta: { count: 7 } })
    const absent = await app.inject({ url: '/api/v1/things', headers: basic('admin') })
    expect(absent.body).toBe('{"data":null}')
  })

  test.each([204, 201, 200] as const)('an empty reply of %i has neither body nor content type', async (status) => {
    const spec = endpoint({ ...things, reply: empty(status) })
    const reply = await createTestApp([oneRoute(spec, () => 'ignored')]).app.inject({
      url: '/api/v1/things',
      headers: basic('admin'),
    })
    expect(reply.statusCode).toBe(status)
    expect(reply.body).toBe('')
    expect(reply.headers['content-type']).toBeUndefined()
  })

  test('a bare reply has no envelope', async () => {
    const spec = endpoint({ ...things, auth: 'none', reply: bare(z.object({ a: z.int() })) })
    const reply = await createTestApp([oneRoute(spec, () => ({ a: 1 }))]).app.inject({ url: '/api/v1/things' })
    expect(reply.json()).toEqual({ a: 1 })
  })

  test.each([
    ['gzip', 100, gunzipSync],
    ['gzip', 100_000, gunzipSync],
    ['deflate', 100, inflateSync],
    ['deflate', 100_000, inflateSync],
  ] as const)('%s is spoken when asked for, in a reply of %i characters', async (encoding, length, decode) => {
    const { app } = thingsApp(() => ['a'.repeat(length)])
    const headers = { ...basic('admin'), 'accept-encoding': `br, ${encoding};q=0.5` }
    const reply = await app.inject({ url: '/api/v1/things', headers })
    expect(reply.headers['content-encoding']).toBe(encoding)
    expect(JSON.parse(decode(reply.rawPayload).toString())).toEqual({ data: ['a'.repeat(length)] })
  })

  test('without being asked, or for a few bytes, nothing is compressed', async () => {
    const { app } = thingsApp()
    const headers = { ...basic('admin'), 'accept-encoding': 'gzip' }
    expect((await app.inject({ url: '/api/v1/things', headers })).headers['content-encoding']).toBeUndefined()
    const long = thingsApp(() => ['a'.repeat(100)]).app
    const refusing = { ...basic('admin'), 'accept-encoding': 'gzip;q=0, identity' }
    expect(
      (await long.inject({ url: '/api/v1/things', headers: refusing })).headers['content-encoding'],
    ).toBeUndefined()
  })
})
