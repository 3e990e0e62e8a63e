import { describe, expect, test } from 'vitest'
import { readFields, ZERO_TIME } from './go-fields.ts'
import { type Json, parseBounded } from './go-json.ts'

const fieldsOf = (value: Json) => readFields(value, 'Doc')

describe('fields', () => {
  test('are found in any case, the exact one first', () => {
    expect(fieldsOf({ nAmE: 'a' }).text('Name', 10)).toBe('a')
    expect(fieldsOf({ name: 'other', Name: 'exact' }).text('Name', 10)).toBe('exact')
    expect(fieldsOf({ Name: 'exact', name: 'other' }).text('Name', 10)).toBe('exact')
  })

  test('that are missing or null have the zero value', () => {
    for (const fields of [fieldsOf({}), fieldsOf(null), fieldsOf({ a: null })]) {
      expect(fields.text('a', 1)).toBe('')
      expect(fields.nullableText('a', 1)).toBeNull()
      expect(fields.boolean('a')).toBe(false)
      expect(fields.integer('a', -1, 1)).toBe(0)
      expect(fields.time('a')).toBe(ZERO_TIME)
      expect(fields.texts('a', 1, 1)).toBeNull()
      expect(fields.textMap('a', 1, 1)).toBeNull()
      expect(fields.objects('a', 1, () => 1)).toBeNull()
    }
  })

  test('are not taken from the prototype', () => {
    expect(fieldsOf({}).raw('toString')).toBeNull()
    expect(fieldsOf({}).raw('constructor')).toBeNull()
  })

  test.each<[string, Json, (fields: ReturnType<typeof fieldsOf>) => unknown, string]>([
    ['text', 5, (fields) => fields.text('a', 9), 'Doc.a: found the number 5, expected a text'],
    ['text', ['x'], (fields) => fields.exactText('a', 9), 'Doc.a: found a list, expected a text'],
    ['flag', 'yes', (fields) => fields.boolean('a'), 'Doc.a: found a text, expected true or false'],
    [
      'number',
      true,
      (fields) => fields.integer('a', 0, 9),
      'Doc.a: found the boolean true, expected a whole number from 0 to 9',
    ],
    [
      'number',
      10,
      (fields) => fields.integer('a', 0, 9),
      'Doc.a: found the number 10, expected a whole number from 0 to 9',
    ],
    [
      'time',
      'today',
      (fields) => fields.time('a'),
      'Doc.a: found another text, expected a time such as 2026-01-02T03:04:05Z',
    ],
    [
      'time',
      '2026-13-01T00:00:00Z',
      (fields) => fields.time('a'),
      'Doc.a: found another text, expected a time such as 2026-01-02T03:04:05Z',
    ],
    ['list', {}, (fields) => fields.texts('a', 9, 9), 'Doc.a: found an object, expected a list'],
    ['list item', ['x', 7], (fields) => fields.texts('a', 9, 9), 'Doc.a[1]: found the number 7, expected a text'],
    ['map', [], (fields) => fields.textMap('a', 9, 9), 'Doc.a: found a list, expected an object of texts'],
    ['map item', { k: {} }, (fields) => fields.textMap('a', 9, 9), 'Doc.a.k: found an object, expected a text'],
    ['objects', [1], (fields) => fields.objects('a', 9, () => 1), 'Doc.a[0]: found the number 1, expected an object'],
    [
      'objects',
      [{}, {}],
      (fields) => fields.objects('a', 1, () => 1),
      'Doc.a: found 2 items, expected at most 1 items',
    ],
    [
      'exact text',
      'abc',
      (fields) => fields.exactText('a', 2),
      'Doc.a: found 3 characters, expected at most 2 characters',
    ],
  ])('of the wrong kind are refused with their place: %s %j', (_kind, value, read, message) => {
    expect(() => read(fieldsOf({ a: value }))).toThrow(message)
  })

  test('never show a text in an error, because it might be a secret', () => {
    expect(() => fieldsOf({ auth_password: ['hunter2'] }).text('auth_password', 9)).toThrow(/^((?!hunter2).)*$/)
    expect(() => fieldsOf({ n: 'hunter2' }).integer('n', 0, 1)).toThrow(/^((?!hunter2).)*$/)
  })

  test('that people read are cut to their bounds', () => {
    const fields = fieldsOf({
      text: 'abcdef',
      list: ['abcdef', null, 'c', 'd'],
      map: { one: 'abcdef', two: null, three: 'c' },
    })
    expect(fields.text('text', 3)).toBe('abc')
    expect(fields.texts('list', 3, 3)).toEqual(['abc', '', 'c'])
    expect(fields.textMap('map', 2, 3)).toEqual({ one: 'abc', two: '' })
  })

  test('never hold what a database cannot store', () => {
    const fields = readFields(parseBounded('{"a":"x\\ud800y\\u0000z","b":"12\\ud83d\\ude00"}'))
    expect(fields.text('a', 99)).toBe('x\uFFFDy\uFFFDz')
    expect(fields.text('b', 3)).toBe('12\uFFFD')
  })

  test.each([ZERO_TIME, '2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.12+01:00'])(
    'keep the time %s',
    (text) => {
      expect(fieldsOf({ a: text }).time('a')).toBe(text)
    },
  )
})
