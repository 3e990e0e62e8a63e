import { createMemoryLogger } from '@rport/kit/testing'
import { expect, test } from 'vitest'
import { createDescriptorBudget, shareDescriptors, warnOfFewDescriptors } from './index.ts'

test.each([
  [256, { api: 64, shared: 64 }],
  [1024, { api: 128, shared: 768 }],
  [65_536, { api: 8192, shared: 57_216 }],
])('of %d descriptors the API has its own share', (limit, shares) => {
  expect(shareDescriptors(limit)).toEqual(shares)
})

test('together the shares never exceed the limit, unless it is absurdly small', () => {
  for (let limit = 200; limit < 100_000; limit += 97) {
    const { api, shared } = shareDescriptors(limit)
    expect(api + shared).toBeLessThanOrEqual(limit)
  }
  expect(shareDescriptors(10)).toEqual({ api: 64, shared: 1 })
})

test('what is taken must be given back before others may have it; a flood at the limit writes one line', () => {
  const log = createMemoryLogger()
  const budget = createDescriptorBudget({ shared: 10, log })
  for (let count = 0; count < 10; count += 1) expect(budget.take()).toBe(true)
  for (let count = 0; count < 100; count += 1) {
    expect(budget.take()).toBe(false)
    budget.give()
    expect(budget.take()).toBe(true)
  }
  expect(log.lines).toHaveLength(1)
  expect(log.lines[0]?.fields['fix']).toContain('LimitNOFILE')
  expect(budget.inUse).toBe(10)
})

test('a low limit is told at the start with its fix, an ordinary one is not', () => {
  const log = createMemoryLogger()
  warnOfFewDescriptors(65_536, log)
  warnOfFewDescriptors(undefined, log)
  expect(log.lines).toEqual([])
  warnOfFewDescriptors(1024, log)
  expect(log.lines).toMatchObject([{ level: 'warn', fields: { limit: 1024, agentsAndVisitors: 768 } }])
})
