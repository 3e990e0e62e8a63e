import { expect, test } from 'vitest'
import { backoffDelayMs } from './backoff.ts'

test('the first wait is the shortest one, later ones grow and stay below the cap', () => {
  const options = { minMs: 1000, maxMs: 60_000 }
  expect(backoffDelayMs(0, { ...options, random: () => 0.99 })).toBe(1000)
  expect(backoffDelayMs(3, { ...options, random: () => 0 })).toBe(1000)
  expect(backoffDelayMs(3, { ...options, random: () => 0.5 })).toBe(4500)
  expect(backoffDelayMs(5000, { ...options, random: () => 1 })).toBe(60_000)
})
