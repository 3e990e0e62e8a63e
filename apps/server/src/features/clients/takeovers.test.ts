import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createTakeovers } from './takeovers.ts'

const MINUTE = 60_000

test('an agent that is restarted now and then always gets its id', async () => {
  const clock = createFakeClock()
  const takeovers = createTakeovers({ clock })
  for (let restart = 0; restart < 20; restart += 1) {
    expect(takeovers.mayTakeOver('c1')).toBe(true)
    await clock.advance(21_000)
  }
})

test('after three takeovers within a minute the incumbent stays, also when the other one comes back later', async () => {
  const clock = createFakeClock()
  const takeovers = createTakeovers({ clock })
  expect([1, 2, 3, 4].map(() => takeovers.mayTakeOver('c1'))).toEqual([true, true, true, false])
  expect(takeovers.mayTakeOver('c2')).toBe(true)
  for (let retry = 0; retry < 5; retry += 1) {
    await clock.advance(10 * MINUTE)
    expect(takeovers.mayTakeOver('c1')).toBe(false)
  }
})

test('the contest is over when the incumbent has left, or nobody has tried for a while', async () => {
  const clock = createFakeClock()
  const takeovers = createTakeovers({ clock })
  const contest = () => [1, 2, 3, 4].map(() => takeovers.mayTakeOver('c1')).at(-1)
  expect(contest()).toBe(false)
  takeovers.forget('c1')
  expect(takeovers.mayTakeOver('c1')).toBe(true)
  expect(contest()).toBe(false)
  await clock.advance(15 * MINUTE)
  expect(takeovers.mayTakeOver('c1')).toBe(true)
})
