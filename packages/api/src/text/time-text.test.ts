import { expect, test } from 'vitest'
import { toTimeText } from './time-text.ts'

test.each([
  [0, '1970-01-01T00:00:00Z'],
  [1_500, '1970-01-01T00:00:01.5Z'],
  [1_520, '1970-01-01T00:00:01.52Z'],
  [1_523, '1970-01-01T00:00:01.523Z'],
  [10_000, '1970-01-01T00:00:10Z'],
  [Date.UTC(2026, 0, 1, 10, 20, 30), '2026-01-01T10:20:30Z'],
  [undefined, '0001-01-01T00:00:00Z'],
])('%s is written as %s', (at, text) => {
  expect(toTimeText(at)).toBe(text)
})
