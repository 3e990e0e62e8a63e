import { describe, expect, expectTypeOf, test } from 'vitest'
import type { LoginView } from '../login.ts'
import type { Page } from '../reply.ts'
import { createSdk, type Sdk, type SdkOptions } from './sdk.ts'
import { SdkError } from './sdk-error.ts'

interface Sent {
  readonly url: string
  readonly init: RequestInit
}

/** An SDK whose server answers everything with one reply. */
function sdkAnswering(status: number, body: string, options: Partial<SdkOptions> = {}) {
  const sent: Sent[] = []
  const fake: typeof fetch = async (url, init = {}) => {
    sent.push({ url: String(url), init })
    return new Response(status === 204 ? null : body, { status })
  }
  return { sdk: createSdk({ baseUrl: 'http://rport.test/', fetch: fake, ...options }), sent }
}

const failure = async (action: Promise<unknown>): Promise<SdkError> => {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(SdkError)
  return error as SdkError
}

describe('requests', () => {
  test('path, query and method follow from the declaration', async () => {
    const { sdk, sent } = sdkAnswering(200, '{"data":{"id":"1"}}')
    await sdk.tunnels.create({
      params: { client_id: 'a b/c' },
      query: { remote: 22, 'skip-idle-timeout': true, protocol: 'tcp+udp', acl: undefined },
    })
    expect(sent[0]?.url).toBe(
      'http://rport.test/api/v1/clients/a%20b%2Fc/tunnels?remote=22&skip-idle-timeout=true&protocol=tcp%2Budp',
    )
    expect(sent[0]?.init.method).toBe('PUT')
    expect(sent[0]?.init.body).toBeUndefined()
  })

  test('a list query is written in its grammar', async () => {
    const { sdk, sent } = sdkAnswering(200, '{"data":[],"meta":{"count":0}}')
    await sdk.clients.list({
      list: {
        sort: '-name',
        filter: { 'id|name': ['a', 'b*'], num_cpus: 4 },
        fields: { clients: ['id', 'tags'] },
        page: { limit: 5, offset: 10 },
      },
    })
    expect(decodeURIComponent(sent[0]?.url ?? '')).toBe(
      'http://rport.test/api/v1/clients?sort=-name&filter[id|name]=a,b*&filter[num_cpus]=4&fields[clients]=id,tags&page[limit]=5&page[offset]=10',
    )
  })

  test('a body is JSON and says so', async () => {
    const { sdk, sent } = sdkAnswering(200, '{"data":{"token":"t","two_fa":null}}')
    await sdk.login.withBody({ body: { username: 'ä', password: 'p' } })
    expect(sent[0]?.init.body).toBe('{"username":"ä","password":"p"}')
    expect(new Headers(sent[0]?.init.headers).get('content-type')).toBe('application/json')
  })

  test.each(['', '.', '..'])('the path parameter %j would name another path', async (clientId) => {
    const { sdk, sent } = sdkAnswering(200, '{}')
    await expect(sdk.clients.get({ params: { client_id: clientId } })).rejects.toThrow(RangeError)
    expect(sent).toEqual([])
  })

  test('redirects are not followed', async () => {
    const { sdk, sent } = sdkAnswering(204, '')
    await sdk.login.logout()
    expect(sent[0]?.init.redirect).toBe('error')
  })

  test('inputs and results are typed by the declaration', () => {
    expectTypeOf<ReturnType<Sdk['login']['withBasic']>>().resolves.toEqualTypeOf<LoginView>()
    expectTypeOf<Awaited<ReturnType<Sdk['clients']['list']>>>().toExtend<Page<{ id?: string | undefined }>>()
    const { sdk } = sdkAnswering(204, '')
    // @ts-expect-error the client is missing
    void (() => sdk.clients.delete())
    // @ts-expect-error there is no such field
    void (() => sdk.clients.list({ list: { fields: { clients: ['nonsense'] } } }))
  })
})

describe('credentials', () => {
  const headerOf = (sent: readonly Sent[]) => new Headers(sent.at(-1)?.init.headers).get('authorization')

  test('go with every call, a call’s own win', async () => {
    const { sdk, sent } = sdkAnswering(200, '{"data":{"ip":"1.2.3.4"}}', {
      credentials: { kind: 'basic', username: 'ädmin', password: 'p:w' },
    })
    await sdk.me.ip()
    expect(headerOf(sent)).toBe(`Basic ${Buffer.from('ädmin:p:w').toString('base64')}`)
    await sdk.me.ip({ credentials: { kind: 'bearer', token: 't' } })
    expect(headerOf(sent)).toBe('Bearer t')
    await sdk.me.ip({ credentials: { kind: 'none' } })
    expect(headerOf(sent)).toBeNull()
  })

  test('a function is asked at each call', async () => {
    let token = 'one'
    const { sdk, sent } = sdkAnswering(200, '{"data":{"ip":"x"}}', {
      credentials: async () => ({ kind: 'bearer', token }),
    })
    await sdk.me.ip()
    token = 'two'
    await sdk.me.ip()
    expect(headerOf(sent)).toBe('Bearer two')
  })
})

describe('answers', () => {
  test('data, pages and empty replies come without their envelope', async () => {
    expect(await sdkAnswering(200, '{"data":{"ip":"1.2.3.4"}}').sdk.me.ip()).toEqual({ ip: '1.2.3.4' })
    expect(await sdkAnswering(200, '{"data":[{"id":"a"}],"meta":{"count":9}}').sdk.clients.list()).toEqual({
      items: [{ id: 'a' }],
      count: 9,
    })
    expect(await sdkAnswering(204, '').sdk.login.logout()).toBeUndefined()
    expect(await sdkAnswering(200, '{"openapi":"3.1.0"}').sdk.description.openApi()).toEqual({ openapi: '3.1.0' })
  })

  test('an error envelope becomes an SdkError', async () => {
    const body = '{"errors":[{"code":"ERR_CODE_TUNNEL_EXIST","title":"Tunnel already exist.","detail":""},{"title":5}]}'
    const error = await failure(sdkAnswering(400, body).sdk.status.get())
    expect(error).toMatchObject({
      status: 400,
      code: 'ERR_CODE_TUNNEL_EXIST',
      title: 'Tunnel already exist.',
      detail: '',
    })
    expect(error.entries).toHaveLength(2)
    expect(error.entries[1]).toEqual({ code: '', title: '', detail: '' })
  })

  test.each([
    [423, 'Too many bad attempts. Please try later.\n', 'Too many bad attempts. Please try later.'],
    [502, '', 'the server answered 502'],
    [500, '{"errors":[]}', '{"errors":[]}'],
    [404, `<html>${'x'.repeat(1000)}`, `<html>${'x'.repeat(194)}`],
  ])('the plain text of a %i becomes the title', async (status, body, title) => {
    const error = await failure(sdkAnswering(status, body).sdk.status.get())
    expect(error).toMatchObject({ status, code: '', title })
  })

  test.each(['', '<html>', '{}', '[]', 'null', '{"data":[]}'])('a success of %j is not this API', async (body) => {
    const error = await failure(sdkAnswering(200, body).sdk.clients.list())
    expect(error.title).toContain('not what this API declares')
  })

  test('replies are held against their schema only when asked for', async () => {
    expect(await sdkAnswering(200, '{"data":{"ip":5}}').sdk.me.ip()).toEqual({ ip: 5 })
    const error = await failure(sdkAnswering(200, '{"data":{"ip":5}}', { checkReplies: true }).sdk.me.ip())
    expect(error.title).toContain('expected string')
  })

  test('no answer is an SdkError without status', async () => {
    const sdk = createSdk({ baseUrl: 'http://rport.test', fetch: () => Promise.reject(new TypeError('refused')) })
    const error = await failure(sdk.me.ip())
    expect(error).toMatchObject({ status: undefined, title: 'no answer from the server: refused' })
  })

  test('an aborted call ends as one without answer', async () => {
    const hanging: typeof fetch = (_url, init) =>
      new Promise((_resolve, reject) => {
        const end = () => reject(init?.signal?.reason)
        if (init?.signal?.aborted) end()
        init?.signal?.addEventListener('abort', end)
      })
    const sdk = createSdk({ baseUrl: 'http://rport.test', fetch: hanging, timeoutMs: 20 })
    expect((await failure(sdk.me.ip())).status).toBeUndefined()
    const controller = new AbortController()
    const call = failure(sdk.me.ip({ signal: controller.signal }))
    controller.abort(new Error('changed my mind'))
    expect((await call).title).toContain('changed my mind')
  })
})
