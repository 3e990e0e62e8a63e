import { createFakeClock } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { ExchangeBudget } from './exchange-budget.ts'

test('a peer may ask for new keys now and then, not again and again', () => {
  const budget = new ExchangeBudget(createFakeClock())
  let taken = 0
  while (budget.take(100) && taken < 1000) taken += 1
  expect(taken).toBe(32)
})

test('what was used up comes back with time, one by one', async () => {
  const clock = createFakeClock()
  const budget = new ExchangeBudget(clock)
  while (budget.take(0));
  await clock.advance(9_999)
  expect(budget.take(0)).toBe(false)
  await clock.advance(1)
  expect([budget.take(0), budget.take(0)]).toEqual([true, false])
  await clock.advance(3_600_000)
  let taken = 0
  while (budget.take(0)) taken += 1
  expect(taken).toBe(32)
})

test('keys that have carried traffic may be renewed as often as one likes', () => {
  const budget = new ExchangeBudget(createFakeClock())
  for (let count = 0; count < 10_000; count += 1) expect(budget.take(1024 * 1024)).toBe(true)
})
