import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('parseDuration', () => {
  test.each([
    ['0', 0],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['-1h', -3_600_000],
    ['100us', 0.1],
    ['2m', 120_000],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each(['', 'abc', '30', '1d', '1h 30m', 's', '1..5s', '9999999999h', '--1s'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})

describe('formatDuration', () => {
  test.each([
    [0, '0s'],
    [744 * 3_600_000, '744h0m0s'],
    [90_000, '1m30s'],
    [1500, '1.5s'],
    [500, '500ms'],
    [-3_600_000, '-1h0m0s'],
    [0.1, '100µs'],
  ])('writes %d ms', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
