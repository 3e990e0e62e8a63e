import { expect, test } from 'vitest'
import { parseRetryAfter } from './retry-after.ts'

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'

test.each([
  ['5', undefined, 5000],
  ['0', undefined, 0],
  ['Sun, 06 Nov 1994 08:50:07 GMT', DATE, 30_000],
  ['Sun, 06 Nov 1994 08:00:00 GMT', DATE, 0],
  ['Sun, 06 Nov 1994 08:50:07 GMT', undefined, undefined],
  ['soon', DATE, undefined],
  ['-5', DATE, undefined],
  ['9999999999', DATE, undefined],
  [undefined, DATE, undefined],
])('Retry-After %s at %s means %s ms', (text, date, waitMs) => {
  expect(parseRetryAfter(text, date)).toBe(waitMs)
})
