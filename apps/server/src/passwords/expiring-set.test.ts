import { createFakeClock } from '@rport/kit/testing'
import { expect, it } from 'vitest'
import { createExpiringSet } from './expiring-set.ts'

it('forgets after its lifetime and drops the oldest above its bound', async () => {
  const clock = createFakeClock()
  const set = createExpiringSet({ clock, lifetimeMs: 1000, maxEntries: 2 })
  set.add('a')
  set.add('b')
  set.add('c')
  expect([set.has('a'), set.has('b'), set.has('c')]).toEqual([false, true, true])
  await clock.advance(999)
  expect(set.has('b')).toBe(true)
  await clock.advance(1)
  expect(set.has('b')).toBe(false)
  set.add('d')
  expect(set.size).toBe(1)
})
