import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitCsvRecord } from './csv-record.ts'

test.each([
  ['a,b', ['a', 'b']],
  ['', ['']],
  ['a,', ['a', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['"say ""hi""",x', ['say "hi"', 'x']],
  ['one two', ['one two']],
])('%s has the fields %j', (record, fields) => expect(splitCsvRecord(record)).toEqual(fields))

test.each(['"open', 'a"b', '"a"b', 'a\nb'])('%j is no record', (record) => {
  expect(splitCsvRecord(record)).toBeUndefined()
})

test('whatever is quoted comes back', () => {
  const fields = fc.array(fc.string(), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fields, (texts) => {
      const record = texts.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')
      expect(splitCsvRecord(record)).toEqual(texts)
    }),
  )
})
