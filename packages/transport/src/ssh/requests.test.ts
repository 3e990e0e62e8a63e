import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { OpenRequests } from './requests.ts'

const setUp = (limits = { sent: 2, waiting: 3 }) => {
  const clock = createFakeClock()
  const requests = new OpenRequests(clock, limits)
  const sent: string[] = []
  const ask = (name: string, timeoutMs = 1000, signal?: AbortSignal) =>
    requests.add(name, signal ? { timeoutMs, signal } : { timeoutMs }, () => sent.push(name))
  const answer = (text: string) => requests.receive({ ok: true, payload: Buffer.from(text) })
  return { clock, requests, sent, ask, answer }
}

test('only so many requests are under way; each answer lets the next one out, in order', async () => {
  const { sent, ask, answer } = setUp()
  const replies = ['a', 'b', 'c', 'd'].map((name) => ask(name))
  expect(sent).toEqual(['a', 'b'])
  answer('1')
  expect(sent).toEqual(['a', 'b', 'c'])
  for (const text of ['2', '3', '4']) answer(text)
  expect((await Promise.all(replies)).map((reply) => reply.payload.toString())).toEqual(['1', '2', '3', '4'])
})

test('a request that was given up before its turn is never sent', async () => {
  const { clock, sent, ask, answer } = setUp({ sent: 1, waiting: 3 })
  const first = ask('first', 5000)
  const late = ask('late', 1000)
  const failure = expect(late).rejects.toMatchObject({ code: 'timed-out' })
  await clock.advance(1000)
  await failure
  answer('1')
  await first
  expect(sent).toEqual(['first'])
})

test('the answer to a request that was given up on the way is not taken for the next one', async () => {
  const { ask, answer } = setUp()
  const stop = new AbortController()
  const first = ask('first', 1000, stop.signal)
  const second = ask('second')
  const failure = expect(first).rejects.toThrow('enough')
  stop.abort(new Error('enough'))
  await failure
  answer('for the first')
  answer('for the second')
  expect((await second).payload.toString()).toBe('for the second')
})

test('a full row is known before anything is added, and fails as a whole with the connection', async () => {
  const { requests, ask } = setUp({ sent: 1, waiting: 1 })
  expect(requests.isFull).toBe(false)
  const all = [ask('a'), ask('b')]
  expect(requests.isFull).toBe(true)
  const failures = Promise.allSettled(all)
  requests.failAll(new Error('gone'))
  expect((await failures).map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
})

test('a surplus answer is dropped', async () => {
  const { ask, answer } = setUp()
  answer('nobody asked')
  const reply = ask('a')
  answer('asked')
  expect((await reply).payload.toString()).toBe('asked')
})
