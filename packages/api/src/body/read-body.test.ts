import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ApiError } from '../errors/api-error.ts'
import { firstJsonValue } from './first-json-value.ts'
import { readFormBody, readJsonBody } from './read-body.ts'

const schema = z.object({
  password: z.string().optional(),
  old_password: z.string().default(''),
  count: z.int().optional(),
  acl: z.string().nullable().optional(),
  tags: z.array(z.string()).optional(),
  nested: z.object({ name: z.string().optional(), items: z.array(z.object({ id: z.string() })).optional() }).optional(),
  labels: z.record(z.string(), z.string()).optional(),
})

const read = (text: string) => readJsonBody(schema, text)
const detailOf = (text: string): string | undefined => {
  try {
    read(text)
  } catch (error) {
    if (error instanceof ApiError && error.key === 'invalid_json') return error.entries[0]?.detail
    throw error
  }
  return undefined
}

describe('readJsonBody', () => {
  test('keys match in any letter case, the exact spelling wins', () => {
    expect(read('{"Password":"a","OLD_PASSWORD":"b"}')).toEqual({ password: 'a', old_password: 'b' })
    expect(read('{"PASSWORD":"a","password":"b"}').password).toBe('b')
    expect(read('{"password":"b","PASSWORD":"a"}').password).toBe('b')
    expect(read('{"Nested":{"Items":[{"ID":"x"}]}}').nested).toEqual({ items: [{ id: 'x' }] })
  })

  test('keys of a map are left alone', () => {
    expect(read('{"labels":{"City":"Berlin"}}').labels).toEqual({ City: 'Berlin' })
  })

  test('null is absent, unless the field knows it', () => {
    expect(read('{"password":null,"acl":null}')).toEqual({ acl: null, old_password: '' })
    expect(read('null')).toEqual({ old_password: '' })
  })

  test('only the first value is read', () => {
    expect(read('{"password":"a"} garbage').password).toBe('a')
    expect(read(' \r\n{"password":"}\\"{"}{"count":5}')).toEqual({ password: '}"{', old_password: '' })
  })

  test.each(['', ' ', '\n\t'])('%j is a missing body', (text) => {
    expect(() => read(text)).toThrow('Missing body with json data.')
  })

  test.each([
    ['{"shell":"x"}', 'json: unknown field "shell"'],
    ['{"nested":{"x":1}}', 'json: unknown field "x"'],
    ['{"a\\"b":1}', 'json: unknown field "a\\"b"'],
    ['{"password":5}', 'password: found the number 5, expected a text'],
    ['{"password":["geheim"]}', 'password: found a list, expected a text'],
    ['{"count":"5"}', 'count: found a text, expected a number'],
    ['{"count":1.5}', 'count: found the number 1.5, expected a whole number'],
    ['{"tags":["a",5]}', 'tags[1]: found the number 5, expected a text'],
    ['{"nested":{"items":[{}]}}', 'nested.items[0].id: found nothing, expected a text'],
    ['[1]', 'found a list, expected an object'],
    ['"text"', 'found a text, expected an object'],
    ['5', 'found the number 5, expected an object'],
  ])('%s names the field, what was found and what was expected', (text, detail) => {
    expect(detailOf(text)).toBe(detail)
  })

  test.each([
    '{"password":',
    '{"password"',
    '{',
    '}',
    'nonsense',
    '{"a":1,}',
    "{'a':1}",
    '\0',
    '{"password":"a\nb"}',
    '\uFEFF{}',
  ])('%j is no JSON', (text) => {
    expect(detailOf(text)).toMatch(/no JSON|levels/)
  })

  test('too deep a body is refused before anything is built', () => {
    expect(detailOf(`{"tags":${'['.repeat(5000)}${']'.repeat(5000)}}`)).toContain('32 levels')
    expect(detailOf(`{"tags":${'['.repeat(5000)}`)).toContain('32 levels')
  })

  test('prototypes stay what they are', () => {
    read('{"__proto__":{"polluted":true}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(detailOf('{"constructor":{}}')).toBe('json: unknown field "constructor"')
  })

  test('a long unknown name is cut', () => {
    expect(detailOf(`{"${'x'.repeat(5000)}":1}`)?.length).toBeLessThan(200)
  })

  test('whatever is sent, the answer is a body or an ApiError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', 'a') }),
        ),
        (text) => {
          try {
            read(text)
          } catch (error) {
            expect(error).toBeInstanceOf(ApiError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('the first of two JSON values is cut out, whatever follows', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, rest) => {
      const text = JSON.stringify(value)
      const separator = typeof value === 'object' && value !== null ? '' : ' '
      expect(firstJsonValue(`${text}${separator}${rest}`)).toBe(text)
    }),
  )
})

describe('readFormBody', () => {
  const login = z.object({ username: z.string().default(''), password: z.string().default('') })

  test('takes the first of repeated names and ignores unknown ones', () => {
    expect(readFormBody(login, 'username=a+b&username=c&x=1')).toEqual({ username: 'a b', password: '' })
    expect(readFormBody(login, '')).toEqual({ username: '', password: '' })
  })

  test('says what is wrong with the encoding', () => {
    expect(() => readFormBody(login, 'username=%zz')).toThrow('failed to parse form: invalid URL escape "%zz"')
  })
})
