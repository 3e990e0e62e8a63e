import { describe, expect, test } from 'vitest'
import {
  agentRequest,
  dispatchRequest,
  emptyCodec,
  jsonCodec,
  RequestFailed,
  type RequestHandlers,
  RequestRefused,
  readReply,
} from './agent-request.ts'
import { readFields } from './go-fields.ts'

const requests = {
  double: agentRequest({
    name: 'double_it',
    wantReply: true,
    ask: jsonCodec<number>({
      write: (value) => ({ Value: value }),
      read: (document) => readFields(document).integer('Value', 0, 100),
    }),
    answer: jsonCodec<number>({ write: (value) => value, read: Number }),
  }),
  hello: agentRequest({ name: 'hello', wantReply: true, ask: emptyCodec, answer: emptyCodec }),
}

const handlers: RequestHandlers<typeof requests> = {
  double: async (value) => {
    if (value === 13) throw new RequestRefused('13 is not doubled here')
    if (value === 99) throw new Error('secret path /etc/shadow')
    return value * 2
  },
  hello: () => undefined,
}

const dispatch = (name: string, payload: string, onBug: (error: unknown, name: string) => void = () => undefined) =>
  dispatchRequest({ requests, handlers, name, payload, onBug })

describe('a request', () => {
  test('is answered by its handler', async () => {
    expect(await dispatch('double_it', '{"Value":21}')).toEqual({ ok: true, payload: '42' })
    expect(await dispatch('hello', '')).toEqual({ ok: true, payload: '' })
  })

  test.each(['no_such_request', 'double', 'toString', '__proto__', ''])('%j is unknown', async (name) => {
    expect(await dispatch(name, '{"Value":1}')).toEqual({ ok: false, payload: 'unknown request' })
  })

  test.each([
    ['{"Value":"5"}', 'double_it: Value: found a text, expected a whole number from 0 to 100'],
    ['{"Value":1.5}', 'double_it: Value: found the number 1.5, expected a whole number from 0 to 100'],
    ['[]', 'double_it: found a list, expected an object'],
  ])('with the payload %s is refused with the field at fault', async (payload, text) => {
    expect(await dispatch('double_it', payload)).toEqual({ ok: false, payload: text })
  })

  test('with a payload that is no JSON is refused', async () => {
    const outcome = await dispatch('double_it', '{"Value":')
    expect(outcome.ok).toBe(false)
    expect(outcome.payload).toMatch(/^double_it: found text that is no JSON \(.*\), expected a JSON document$/)
  })

  test('that the handler refuses is answered with its reason', async () => {
    expect(await dispatch('double_it', '{"Value":13}')).toEqual({ ok: false, payload: '13 is not doubled here' })
  })

  test('that meets a bug is answered neutrally, and the bug is handed on', async () => {
    const bugs: unknown[] = []
    const outcome = await dispatch('double_it', '{"Value":99}', (error, name) => bugs.push(error, name))
    expect(outcome).toEqual({ ok: false, payload: 'internal error' })
    expect(bugs).toEqual([new Error('secret path /etc/shadow'), 'double_it'])
  })

  test('never has a failure text without end', async () => {
    const outcome = await dispatchRequest({
      requests,
      handlers: {
        ...handlers,
        hello: () => {
          throw new RequestRefused('x'.repeat(5000))
        },
      },
      name: 'hello',
      payload: '',
      onBug: () => undefined,
    })
    expect(outcome.payload).toHaveLength(1000)
  })
})

describe('a reply', () => {
  test('is read by the request that was asked', () => {
    expect(readReply(requests.double, { ok: true, payload: '42' })).toBe(42)
  })

  test('that is a failure is thrown with its text', () => {
    expect(() => readReply(requests.double, { ok: false, payload: 'no' })).toThrow(new RequestFailed('no'))
  })

  test('tells a peer that does not know the request from one that refuses', () => {
    expect(new RequestFailed('unknown request').isUnknown).toBe(true)
    expect(new RequestFailed('not allowed').isUnknown).toBe(false)
  })
})

describe('the handler map', () => {
  test('does not compile with a missing, an extra or a wrong handler', () => {
    // @ts-expect-error hello is missing
    const missing: RequestHandlers<typeof requests> = { double: (value) => value }
    // @ts-expect-error goodbye is no request
    const extra: RequestHandlers<typeof requests> = { ...handlers, goodbye: () => undefined }
    // @ts-expect-error the answer is a number
    const wrong: RequestHandlers<typeof requests> = { ...handlers, double: () => 'two' }
    expect([missing, extra, wrong]).toHaveLength(3)
  })
})
