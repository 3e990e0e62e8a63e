import { splitCsvRecord } from '../csv-record.ts'
import { type OptionType, optionType, ValueError } from '../option-type.ts'
import { kindOf, quote, type RawValue } from '../raw-value.ts'
import { readText } from './texts.ts'

/** Most entries that any list may have. */
const MAX_LIST_ENTRIES = 10_000

/** A list of texts. One text is read as one CSV record, with or without brackets around it, as the original did. */
export const textList = (placeholder = 'LIST'): OptionType<readonly string[]> =>
  listOf({ name: 'list of texts', placeholder, advice: 'write ["one", "two"]', parse: (item) => item, format: String })

/** A list of texts with a grammar; `parse` throws an error whose message explains. */
export const listOf = <T>(own: {
  name: string
  placeholder: string
  advice: string
  parse: (text: string) => T
  format: (value: T) => string
}): OptionType<readonly T[]> =>
  optionType({
    ...own,
    flagStyle: 'list',
    emptyIsUnset: false,
    read: (raw) => readTexts(raw).map(own.parse),
    write: (values) => `[${values.map((value) => quote(own.format(value))).join(', ')}]`,
  })

/** Texts by name. compat: names are lower-cased, as the original did. */
export const textMap = (): OptionType<Readonly<Record<string, string>>> =>
  optionType({
    name: 'table of texts',
    placeholder: '',
    advice: 'write { name = "value" }',
    read: (raw) => {
      if (typeof raw !== 'object' || Array.isArray(raw) || raw instanceof Date) {
        throw new ValueError(`is ${kindOf(raw)}, not a table`)
      }
      const entries = Object.entries(raw)
      if (entries.length > MAX_LIST_ENTRIES) throw new ValueError(`has more than ${MAX_LIST_ENTRIES} entries`)
      return Object.fromEntries(entries.map(([key, value]) => [key.toLowerCase(), readText(value)]))
    },
    write: (map) => {
      const entries = Object.entries(map).map(([key, value]) => `${quote(key)} = ${quote(value)}`)
      return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
    },
  })

/** The texts of a list in any of the forms in which the original took one. */
export function readTexts(raw: RawValue): string[] {
  const items = Array.isArray(raw) ? raw.map(readText) : splitText(readText(raw))
  if (items.length > MAX_LIST_ENTRIES) throw new ValueError(`has more than ${MAX_LIST_ENTRIES} entries`)
  return items
}

function splitText(given: string): string[] {
  const record = given.replace(/^\[(.*)\]$/s, '$1')
  if (record === '') return []
  const items = splitCsvRecord(record)
  if (!items) throw new ValueError('is no list: its double quotes do not match')
  return items
}
