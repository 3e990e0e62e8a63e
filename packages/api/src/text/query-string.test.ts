import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatQueryString, parseQueryString } from './query-string.ts'

const entries = (raw: string) => {
  const query = parseQueryString(raw)
  return query.ok ? [...query.values] : query.reason
}

describe('parseQueryString', () => {
  test.each([
    ['', []],
    [
      'a=1&b=2&a=3',
      [
        ['a', ['1', '3']],
        ['b', ['2']],
      ],
    ],
    ['a', [['a', ['']]]],
    ['a==b', [['a', ['=b']]]],
    ['&&a=1&', [['a', ['1']]]],
    ['a+b=c+d', [['a b', ['c d']]]],
    ['a%2Bb=%2B', [['a+b', ['+']]]],
    ['filter%5Bid%5D=x', [['filter[id]', ['x']]]],
    ['a=%C3%A4', [['a', ['ä']]]],
    ['a=%FF', [['a', ['\uFFFD']]]],
    ['a=%00', [['a', ['\0']]]],
    ['__proto__=1', [['__proto__', ['1']]]],
  ])('%j is read', (raw, expected) => {
    expect(entries(raw)).toEqual(expected)
  })

  test.each([
    ['filter[id]=%zz', 'invalid URL escape "%zz"'],
    ['a=%', 'invalid URL escape "%"'],
    ['a=%4', 'invalid URL escape "%4"'],
    ['%g=1', 'invalid URL escape "%g"'],
    ['a=1;b=2', 'invalid semicolon separator in query'],
    [Array.from({ length: 1001 }, (_, index) => `p${index}=1`).join('&'), 'more than 1000 parameters'],
  ])('%j is refused', (raw, reason) => {
    expect(entries(raw)).toBe(reason)
  })

  test('reads back whatever was written', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
        const query = parseQueryString(formatQueryString(pairs))
        const expected = pairs.reduce(
          (map, [name, value]) => map.set(name, [...(map.get(name) ?? []), value]),
          new Map<string, string[]>(),
        )
        expect(query).toEqual({ ok: true, values: expected })
      }),
    )
  })

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('%', 'a', 'F', '&', '=', ';', '+', 'ä') }),
        (raw) => void entries(raw),
      ),
    )
  })
})

test('absent values are not written', () => {
  expect(
    formatQueryString([
      ['a', undefined],
      ['b[c]', 'd e'],
    ]),
  ).toBe('b%5Bc%5D=d%20e')
})
