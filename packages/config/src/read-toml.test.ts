import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readToml } from './read-toml.ts'

const read = (text: string) => readToml('test.conf', text)
const fault = (text: string) => read(text).faults[0]

test('values come with their lines, names in lower case', () => {
  const { content, faults } = read('[Server]\nPort = 5\n[API]\n\nname = "x"\n')
  expect(faults).toEqual([])
  expect(content.sections.get('server')?.values.get('port')).toEqual({ raw: 5, line: 2 })
  expect(content.sections.get('api')?.values.get('name')).toEqual({ raw: 'x', line: 5 })
})

test('a section may be written in two cases of letters', () => {
  const { content, faults } = read('[server]\na = 1\n[Server]\nb = 2\n')
  expect(faults).toEqual([])
  expect([...(content.sections.get('server')?.values.keys() ?? [])]).toEqual(['a', 'b'])
})

test('a key in two cases of letters is refused with its line', () => {
  expect(fault('[server]\nkey = 1\nKey = 2\n')).toMatchObject({
    message: '[server] key is set twice, in different cases of letters',
    where: 'test.conf:2',
  })
})

test('a byte order mark is no part of the text', () => {
  expect(read('\uFEFF[server]\na = 1\n').faults).toEqual([])
})

test('a value outside of any section is refused with its line', () => {
  expect(fault('\naddress = "x"\n[server]\n')).toMatchObject({
    where: 'test.conf:2',
    fix: expect.stringContaining('[section]'),
  })
})

test.each([
  ['a duration without quotes', '[a]\nb = 10s\n', 2, /durations in quotes/],
  ['a path with backslashes', '[a]\n\nb = "C:\\Program Files\\rport"\n', 3, /single quotes/],
  ['a text without quotes', '[a]\nb = hello\n', 2, /texts in quotes/],
  ['words behind the value', "[a]\nb = 'monthly', possible values\n", 2, /nothing but a comment/],
  ['a list without end', '[a]\nb = [\n', 3, /key =/],
  ['a key that is set twice', '[a]\n\nb = 1\nb = 2\n', 4, /^remove one of the two: the first is on line 3$/],
  [
    'a section that is there twice',
    '[a]\nb = 1\n[c]\n[a]\nd = 2\n',
    4,
    /^remove one of the two: the first is on line 1$/,
  ],
  ['a key that is also a section', '[a]\nb = 1\n[a.b]\nc = 1\n', 3, /^remove one of the two: the first is on line 2$/],
  ['a prototype as a key', '[a]\n__proto__ = 1\n', 2, /key =/],
])('%s is refused with line and fix', (_, text, line, fix) => {
  expect(fault(text)).toMatchObject({
    message: expect.stringMatching(/^error parsing config file: /),
    where: `test.conf:${line}`,
    fix: expect.stringMatching(fix),
  })
})

test('what is there twice is named, without its values', () => {
  expect(fault('[a]\nb = "hunter1"\nb = "hunter2"\n')?.message).toBe('error parsing config file: [a] b is there twice')
  expect(fault('[a]\nb = 1\n[a]\nc = 2\n')?.message).toBe('error parsing config file: the section [a] is there twice')
})

test('a broken line is not quoted: it may hold a password', () => {
  expect(JSON.stringify(fault('[server]\nauth = "user:hunter2\n'))).not.toContain('hunter2')
})

test('a file of another kind and nesting without end are refused', () => {
  expect(fault('x'.repeat(2 * 1024 * 1024))?.message).toContain('larger')
  expect(fault(`[a]\nb = ${'['.repeat(5000)}`)).toBeDefined()
})

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => Array.isArray(read(text).faults)))
})
