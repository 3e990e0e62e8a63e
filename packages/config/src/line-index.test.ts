import fc from 'fast-check'
import { parse } from 'smol-toml'
import { expect, test } from 'vitest'
import { indexLines } from './line-index.ts'

test('keys are found below their section, in any case of letters', () => {
  const lines = indexLines('# top\n[Server]\n  Address = "x"\n\n[api]\naddress = "y"\n')
  expect(lines.lineOf(['server'])).toBe(2)
  expect(lines.lineOf(['server', 'address'])).toBe(3)
  expect(lines.lineOf(['API', 'Address'])).toBe(6)
  expect(lines.lineOf(['nowhere', 'address'])).toBeUndefined()
})

test('what looks like a key inside of strings, lists and comments is none', () => {
  const text = [
    'a = """',
    'b = 1 \\""" still inside',
    '""""',
    "c = '''",
    "d = 2'''",
    'e = [ # f = 3',
    '  "g = 4", # ]',
    ']',
    'h = "# no comment"',
    'i = { j = 1 }',
    'k = 5',
  ].join('\n')
  const lines = indexLines(text)
  expect(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'k'].map((key) => lines.lineOf([key]))).toEqual([
    1,
    undefined,
    4,
    undefined,
    6,
    undefined,
    undefined,
    9,
    11,
  ])
  expect(lines.lineOf(['i', 'j'])).toBe(10)
})

test('dotted and quoted keys lead to their parts', () => {
  const lines = indexLines('server.address = "x"\n["a.b"]\n"c d" . e = 1\n[[list]]\nx = 1\n')
  expect(lines.lineOf(['server', 'address'])).toBe(1)
  expect(lines.lineOf(['a.b', 'c d', 'e'])).toBe(3)
  expect(lines.lineOf(['list', 'x'])).toBe(5)
})

const word = fc.stringMatching(/^[a-z][a-z_]{0,8}$/)
const value = fc.oneof(
  fc.integer().map((number) => [String(number)]),
  fc.boolean().map((bool) => [String(bool)]),
  fc.string().map((text) => [JSON.stringify(text.replaceAll('\u007f', ''))]),
  fc.stringMatching(/^[a-z #=[\]{}",\\]{0,12}$/).map((text) => [`'${text}'`]),
  fc
    .array(fc.stringMatching(/^[a-z =[\]#]{0,6}$/), { maxLength: 4 })
    .map((items) => ['[ # k = 1 ]', ...items.map((item) => `  "${item}", # "`), ']']),
  fc.array(fc.stringMatching(/^"{0,2}[a-z =[\]#']{0,6}x$/), { maxLength: 4 }).map((rows) => ['"""', ...rows, '"""']),
)
const section = fc.record({
  header: fc.constantFrom(
    (name: string) => `[${name}]`,
    (name: string) => `  [ "${name}" ] # [other]`,
  ),
  keys: fc.uniqueArray(fc.tuple(word, value), { selector: ([key]) => key, maxLength: 5 }),
  gap: fc.constantFrom([], [''], ['# a = 1', ''], ['   ']),
})

test('every key of any valid file is found on its line', () => {
  const file = fc.uniqueArray(fc.tuple(word, section), { selector: ([name]) => name, maxLength: 5 })
  fc.assert(
    fc.property(file, fc.constantFrom('\n', '\r\n'), (sections, lineEnd) => {
      const rows: string[] = []
      const expected: [string[], number][] = []
      for (const [name, { header, keys, gap }] of sections) {
        rows.push(...gap, header(name))
        expected.push([[name], rows.length])
        for (const [key, valueRows] of keys) {
          expected.push([[name, key], rows.length + 1])
          rows.push(...valueRows.map((row, index) => (index === 0 ? `${key} = ${row}` : row)))
        }
      }
      const text = rows.join(lineEnd)
      parse(text)
      const lines = indexLines(text)
      for (const [path, line] of expected) expect(lines.lineOf(path)).toBe(line)
    }),
  )
})

test('any text at all is scanned to its end', () => {
  const alphabet = fc.constantFrom(...'[]{}"\'=.#\\\n ab'.split(''))
  fc.assert(fc.property(fc.string({ unit: alphabet, maxLength: 200 }), (text) => indexLines(text) !== undefined))
})
