import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DecodeError, parseBounded } from './go-json.ts'

const small = { maxBytes: 64, maxDepth: 3, maxNodes: 10 }

describe('bounded JSON', () => {
  test('reads what JSON reads', () => {
    fc.assert(fc.property(fc.json(), (text) => void expect(parseBounded(text)).toEqual(withoutProto(JSON.parse(text)))))
  })

  test('refuses garbage with a DecodeError, whatever it is', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0e1-tn '), maxLength: 60 }),
    )
    fc.assert(
      fc.property(garbage, (text) => {
        try {
          parseBounded(text)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('counts bytes, not characters', () => {
    expect(parseBounded(`"${'ä'.repeat(31)}"`, small)).toHaveLength(31)
    expect(() => parseBounded(`"${'ä'.repeat(32)}"`, small)).toThrow('found 66 bytes, expected at most 64 bytes')
    expect(() => parseBounded(`"${'€'.repeat(21)}"`, small)).toThrow('found 65 bytes')
    expect(parseBounded(`"${'😀'.repeat(15)}"`, small)).toHaveLength(30)
    expect(() => parseBounded(`"${'😀'.repeat(16)}"`, small)).toThrow('found 66 bytes')
  })

  test('refuses depth before it builds anything', () => {
    expect(parseBounded('[[[1]]]', small)).toEqual([[[1]]])
    expect(() => parseBounded('[[[[1]]]]', small)).toThrow('found more than 3 levels')
    expect(() => parseBounded('['.repeat(200_000))).toThrow('found more than 32 levels')
  })

  test('refuses a vast count of values', () => {
    expect(() => parseBounded('[1,2,3,4,5,6,7,8,9,0]', small)).toThrow('found more than 10 values')
    expect(() => parseBounded(`{"a":[${'0,'.repeat(60_000)}0]}`)).toThrow('found more than 50000 values')
  })

  test('takes brackets and commas inside of texts for what they are', () => {
    expect(parseBounded('["[[[[,,,,,,,,,,\\"{{{{", "\\\\"]', small)).toEqual(['[[[[,,,,,,,,,,"{{{{', '\\'])
  })

  test.each(['{"__proto__":{"isAdmin":true},"a":1}', '{"\\u005f_proto__":{"isAdmin":true},"a":1}'])(
    'drops the prototype from %s',
    (text) => {
      const value = Object.assign({}, parseBounded(text)) as { isAdmin?: boolean }
      expect(value).toEqual({ a: 1 })
      expect(value.isAdmin).toBeUndefined()
    },
  )

  test('lets the last of a repeated key count', () => {
    expect(parseBounded('{"a":1,"a":2}')).toEqual({ a: 2 })
  })
})

/** fast-check likes to make `__proto__` keys, which are dropped on purpose. */
const withoutProto = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, item) => (key === '__proto__' ? undefined : item))
