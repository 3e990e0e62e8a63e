import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ApiError } from '../errors/api-error.ts'
import { boolText, durationText, intText, parseBoolText, parseIntText, plainText, wordText } from './query-text.ts'
import { readQuery } from './read-query.ts'

describe('whole numbers', () => {
  test.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '0x10',
    '1e3',
    '1.0',
    '1_000',
    '٣',
    '--1',
    '+',
    'NaN',
    'Infinity',
    '9007199254740992',
    '1'.repeat(30),
  ])('%j is none', (text) => {
    expect(parseIntText(text)).toBeUndefined()
  })

  test.each([
    ['0', 0],
    ['-5', -5],
    ['+7', 7],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%j is %d', (text, value) => {
    expect(parseIntText(text)).toBe(value)
  })

  test('every safe integer is read back', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => void expect(parseIntText(String(value))).toBe(value)))
  })
})

test.each(['', 'yes', 'on', 'tRUE', '2', ' true', 'constructor'])('%j is no truth value', (text) => {
  expect(parseBoolText(text)).toBeUndefined()
})

test.each(['1', 't', 'T', 'TRUE', 'true', 'True'])('%j is true', (text) => {
  expect(parseBoolText(text)).toBe(true)
})

test.each(['0', 'f', 'F', 'FALSE', 'false', 'False'])('%j is false', (text) => {
  expect(parseBoolText(text)).toBe(false)
})

describe('readQuery', () => {
  const schema = z.object({
    count: intText({ min: 1, max: 10 }).optional(),
    force: boolText().optional(),
    wait: durationText({ minMs: 0, maxMs: 60_000 }).optional(),
    kind: wordText(['a', 'b']).optional(),
    note: plainText({ maxLength: 5 }).optional(),
  })
  const read = (pairs: Record<string, string[]>) => readQuery(schema, new Map(Object.entries(pairs)))

  test('gives values, the first of repeated ones, and ignores unknown names', () => {
    expect(
      read({ count: ['3', 'x'], force: ['t'], wait: ['30s'], kind: ['b'], note: ['hello'], other: ['1'] }),
    ).toEqual({
      count: 3,
      force: true,
      wait: 30_000,
      kind: 'b',
      note: 'hello',
    })
    expect(read({})).toEqual({})
  })

  test.each([
    [{ count: [''] }, 'count', 'found "": expected a whole number from 1 to 10'],
    [{ count: ['11'] }, 'count', 'found "11": expected a whole number from 1 to 10'],
    [{ force: ['maybe'] }, 'force', 'found "maybe": expected 1, t, true, 0, f or false'],
    [{ wait: ['2m'] }, 'wait', 'found "2m": expected a duration such as 90s or 1h30m within the allowed range'],
  ])('%j names the parameter, the value and the fix', (pairs, name, detail) => {
    expect(() => read(pairs)).toThrow(
      expect.objectContaining({
        entries: [{ code: '', title: `Invalid value of query parameter "${name}".`, detail }],
      }),
    )
  })

  test('all faults come together, long values are cut', () => {
    try {
      read({ kind: ['c'], note: ['x'.repeat(3000)] })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError)
      const { entries } = error as ApiError
      expect(entries).toHaveLength(2)
      expect(entries[1]?.detail.length).toBeLessThan(200)
    }
  })
})
