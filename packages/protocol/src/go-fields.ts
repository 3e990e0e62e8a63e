import { DecodeError, describeJson, type Json, type JsonObject } from './go-json.ts'

/**
 * Reads the fields of one object the way Go's decoder does: a key may be written in any case (the exact one wins), a
 * missing key and null mean the zero value, unknown keys are ignored, a wrong type is an error that names the field.
 */
export interface Fields {
  /** Place of a field in the document. */
  path(key: string): string
  /** A text that people read; longer ones are cut. */
  text(key: string, maxChars: number): string
  /** A text that decides something; longer ones are refused. */
  exactText(key: string, maxChars: number): string
  /** As `exactText`, but null and missing stay null. */
  nullableText(key: string, maxChars: number): string | null
  boolean(key: string): boolean
  /** A whole number in the range, 0 when it is missing. */
  integer(key: string, min: number, max: number): number
  /** RFC 3339, as text with all its digits; Go's zero time when it is missing. */
  time(key: string): string
  /** Texts; null stays null, more than `maxCount` are cut off, longer ones are cut. */
  texts(key: string, maxCount: number, maxChars: number): readonly string[] | null
  /** Texts by name; null stays null, more than `maxCount` are cut off. */
  textMap(key: string, maxCount: number, maxChars: number): Readonly<Record<string, string>> | null
  /** Objects; null stays null, more than `maxCount` are refused. */
  objects<T>(key: string, maxCount: number, read: (item: Fields) => T): readonly T[] | null
  /** Whatever is there. */
  raw(key: string): Json
  /** For a value of the right type that makes no sense. */
  refuse(key: string, found: string, expected: string): DecodeError
}

/** The time that stands for "unset" in Go. */
export const ZERO_TIME = '0001-01-01T00:00:00Z'

/** @throws DecodeError when `value` is no object; null counts as an empty one. */
export function readFields(value: Json, path = ''): Fields {
  if (value !== null && !isObject(value)) throw new DecodeError(path, describeJson(value), 'an object')
  const find = fieldFinder(value ?? {})
  const pathOf = (key: string) => (path === '' ? key : `${path}.${key}`)
  const refuse = (key: string, found: string, expected: string) => new DecodeError(pathOf(key), found, expected)
  const textOf = (key: string): string | null => {
    const found = find(key)
    if (found === null) return null
    if (typeof found !== 'string') throw refuse(key, describeJson(found), 'a text')
    return clean(found)
  }
  const listOf = (key: string): readonly Json[] | null => {
    const found = find(key)
    if (found !== null && !isList(found)) throw refuse(key, describeJson(found), 'a list')
    return found
  }
  const exactText = (key: string, maxChars: number): string | null => {
    const text = textOf(key)
    if (text !== null && text.length > maxChars) {
      throw refuse(key, `${text.length} characters`, `at most ${maxChars} characters`)
    }
    return text
  }
  return {
    path: pathOf,
    refuse,
    raw: find,
    text: (key, maxChars) => cut(textOf(key) ?? '', maxChars),
    exactText: (key, maxChars) => exactText(key, maxChars) ?? '',
    nullableText: exactText,
    boolean(key) {
      const found = find(key) ?? false
      if (typeof found !== 'boolean') throw refuse(key, describeJson(found), 'true or false')
      return found
    },
    integer(key, min, max) {
      const found = find(key) ?? 0
      if (typeof found !== 'number' || !Number.isInteger(found) || found < min || found > max) {
        throw refuse(key, describeJson(found), `a whole number from ${min} to ${max}`)
      }
      return found
    },
    time(key) {
      const text = textOf(key) ?? ZERO_TIME
      const shape = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/
      if (!shape.test(text) || Number.isNaN(Date.parse(text))) {
        throw refuse(key, 'another text', 'a time such as 2026-01-02T03:04:05Z')
      }
      return text
    },
    texts: (key, maxCount, maxChars) =>
      listOf(key)
        ?.slice(0, maxCount)
        .map((item, index) => cut(textItem(item, `${pathOf(key)}[${index}]`), maxChars)) ?? null,
    textMap(key, maxCount, maxChars) {
      const found = find(key)
      if (found === null) return null
      if (!isObject(found)) throw refuse(key, describeJson(found), 'an object of texts')
      const entries = Object.entries(found).slice(0, maxCount)
      return Object.fromEntries(
        entries.map(([name, item]) => [
          cut(clean(name), maxChars),
          cut(textItem(item, `${pathOf(key)}.${cut(name, 40)}`), maxChars),
        ]),
      )
    },
    objects(key, maxCount, read) {
      const found = listOf(key)
      if (found !== null && found.length > maxCount) {
        throw refuse(key, `${found.length} items`, `at most ${maxCount} items`)
      }
      return found?.map((item, index) => read(readFields(item, `${pathOf(key)}[${index}]`))) ?? null
    },
  }
}

/** Looks a key up exactly first, then in any case; missing is null, as Go treats both alike. */
function fieldFinder(object: JsonObject): (key: string) => Json {
  let folded: Map<string, Json> | undefined
  return (key) => {
    if (Object.hasOwn(object, key)) return object[key] ?? null
    folded ??= new Map(Object.entries(object).map(([name, item]) => [name.toLowerCase(), item]))
    return folded.get(key.toLowerCase()) ?? null
  }
}

function textItem(item: Json, path: string): string {
  if (item === null) return ''
  if (typeof item !== 'string') throw new DecodeError(path, describeJson(item), 'a text')
  return clean(item)
}

export const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Half surrogate pairs and NUL cannot be stored by every database; what they stood for is unknown anyway. */
export const clean = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD')

const cut = (text: string, maxChars: number): string =>
  text.length > maxChars ? text.slice(0, maxChars).toWellFormed() : text
