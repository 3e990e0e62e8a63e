import { data, endpoint } from '@rport/api'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createTestApp, oneRoute } from './testing/test-app.ts'

const FORM = 'application/x-www-form-urlencoded'
const error = (title: string, detail = '') => ({ errors: [{ code: '', title, detail }] })
const json = endpoint({
  method: 'PUT',
  path: '/json',
  summary: 'Echo',
  auth: 'none',
  body: z.object({ text: z.string().default(''), tags: z.array(z.unknown()).optional() }),
  reply: data(z.unknown()),
  errors: [],
})
const both = endpoint({ ...json, method: 'POST', path: '/both', bodyForm: 'json-or-form' })
const none = endpoint({ ...json, method: 'DELETE', path: '/none', body: undefined as never })
const { app } = createTestApp([
  oneRoute(json, ({ body }) => body),
  oneRoute(both, ({ body }) => body),
  oneRoute(none, ({ body }) => body),
])
const put = (payload: string | Buffer, contentType?: string) =>
  app.inject({ method: 'PUT', url: '/api/v1/json', payload, headers: { 'content-type': contentType } })
const post = (payload: string | undefined, contentType?: string) =>
  app.inject({
    method: 'POST',
    url: '/api/v1/both',
    ...(payload !== undefined && { payload }),
    headers: { 'content-type': contentType },
  })

describe('JSON bodies', () => {
  test.each([
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'nonsense',
    ';',
    'multipart/form-data',
  ])('are read whatever the content type says: %s', async (contentType) => {
    const reply = await put('{"Text":"a"} garbage', contentType)
    expect([reply.statusCode, reply.json()]).toEqual([200, { data: { text: 'a' } }])
  })

  test('nothing at all is a missing body', async () => {
    for (const payload of ['', ' \n']) {
      const reply = await put(payload)
      expect([reply.statusCode, reply.json()]).toEqual([400, error('Missing body with json data.')])
    }
  })

  test.each([FORM, `${FORM}; charset=utf-8`, FORM.toUpperCase()])('a form (%s) loses its body', async (contentType) => {
    const reply = await put('{"text":"x"}', contentType)
    expect([reply.statusCode, reply.json()]).toEqual([400, error('Missing body with json data.')])
  })

  test('up to the limit are read, above it refused', async () => {
    const text = (length: number) => `{"text":"${'x'.repeat(length - 11)}"}`
    expect((await put(text(10_240))).statusCode).toBe(200)
    const reply = await put(text(10_241))
    expect([reply.statusCode, reply.json()]).toEqual([400, error('Invalid JSON data.', 'http: request body too large')])
  })

  test('a form above the limit is refused as plain text', async () => {
    const reply = await put(`a=${'x'.repeat(10_300)}`, FORM)
    expect([reply.statusCode, reply.body]).toEqual([
      400,
      'Request data exceeds the limit of 10240 bytes: http: request body too large\n',
    ])
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  test('deep ones are refused', async () => {
    const reply = await put(`{"tags":${'['.repeat(4000)}${']'.repeat(4000)}}`)
    expect(reply.statusCode).toBe(400)
    expect(reply.json().errors[0].detail).toContain('levels')
  })

  test('NUL bytes are no JSON, escaped ones are text', async () => {
    expect((await put('{"text":"\0"}')).statusCode).toBe(400)
    expect((await put('{"text":"\\u0000"}')).json()).toEqual({ data: { text: '\0' } })
  })

  test('bytes that are no UTF-8 are replaced', async () => {
    const payload = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])
    expect((await put(payload)).json()).toEqual({ data: { text: '\uFFFD\uFFFD' } })
  })
})

describe('JSON or form', () => {
  test('both are read', async () => {
    expect((await post('{"text":"a"}', 'application/json')).json()).toEqual({ data: { text: 'a' } })
    expect((await post('text=a%20b&x=1', FORM)).json()).toEqual({ data: { text: 'a b' } })
    expect((await post(undefined, FORM)).json()).toEqual({ data: { text: '' } })
  })

  test.each([undefined, 'application/json; charset=utf-8', 'APPLICATION/JSON', 'text/plain', `${FORM}; charset=utf-8`])(
    'nothing but the exact types is taken: %s',
    async (contentType) => {
      const reply = await post('{"text":"a"}', contentType)
      expect([reply.statusCode, reply.json()]).toEqual([400, error(`unsupported content type: ${contentType ?? ''}`)])
    },
  )

  test('a malformed form says why', async () => {
    const reply = await post('text=%zz', FORM)
    expect([reply.statusCode, reply.json()]).toEqual([400, error('failed to parse form: invalid URL escape "%zz"')])
  })
})

test('a body that nobody declared is not read', async () => {
  const reply = await app.inject({ method: 'DELETE', url: '/api/v1/none', payload: '{"broken' })
  expect([reply.statusCode, reply.json()]).toEqual([200, { data: null }])
})
