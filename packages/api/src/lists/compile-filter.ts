import { MS_PER_HOUR } from '@rport/kit'
import type { FilterTest, FilterTree } from './filter-tree.ts'
import { wildcardMatcher } from './wildcard.ts'

/** What a column of a row may hold. A list matches when one of its items does, a map by its entries as `key: value`. */
export type Filterable =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly string[]
  | Readonly<Record<string, string>>

/** What null is compared as, so that it can be asked for. */
const NULL_TEXT = '<nil>'
const DECIMAL = /^-?\d{1,300}(?:\.\d{1,300})?$/
const DAY_MS = 24 * MS_PER_HOUR

type TextTest = (text: string) => boolean

/**
 * Compiles the filters of one request to a predicate over rows in memory.
 * @param read  gives a column of a row; columns are names of the list's grammar
 */
export function compileFilter<Row>(
  tree: FilterTree,
  read: (row: Row, column: string) => Filterable,
): (row: Row) => boolean {
  const tests = tree.map((test) => {
    const holds = compileTest(test)
    return (row: Row) => test.columns.some((column) => holds(read(row, column)))
  })
  return (row) => tests.every((test) => test(row))
}

function compileTest(test: FilterTest): (value: Filterable) => boolean {
  const each = test.values.map((value) => textTest(value.pieces, value.text, test.operator))
  if (test.match === 'every') return (value) => each.every((holds) => someText(value, holds))
  if (test.operator !== '' && test.operator !== 'eq') {
    return (value) => someText(value, (text) => each.some((holds) => holds(text)))
  }
  // Plain values are looked up at once, however many there are; only those with wildcards cost one by one.
  const plain = new Set(
    test.values.filter((value) => value.pieces.length === 1).map((value) => value.text.toLowerCase()),
  )
  const rest = each.filter((_, index) => needsOwnTest(test, index))
  return (value) => someText(value, (text) => plain.has(text) || rest.some((holds) => holds(text)))
}

/** Wildcards, and days asked for with `eq`, are more than equality. */
const needsOwnTest = (test: FilterTest, index: number): boolean => {
  const value = test.values[index]
  return value !== undefined && (value.pieces.length > 1 || test.operator === 'eq')
}

function textTest(pieces: readonly string[], text: string, operator: FilterTest['operator']): TextTest {
  const wanted = text.toLowerCase()
  if (operator === '') return wildcardMatcher(pieces.map((piece) => piece.toLowerCase()))
  const matches = wildcardMatcher(pieces.map((piece) => piece.toLowerCase()))
  return (found) => {
    if (operator === 'eq' && matches(found)) return true
    const difference = compare(found, wanted, operator === 'eq')
    if (difference === undefined) return false
    switch (operator) {
      case 'eq':
        return difference >= 0 && difference < DAY_MS
      case 'gt':
        return difference > 0
      case 'lt':
        return difference < 0
      case 'since':
        return difference >= 0
      default:
        return difference <= 0
    }
  }
}

/** found − wanted: in milliseconds for times, as numbers for numbers, else by letters; undefined for `eq` of no times. */
function compare(found: string, wanted: string, timesOnly: boolean): number | undefined {
  const foundAt = parseTime(found)
  const wantedAt = parseTime(wanted)
  if (foundAt !== undefined && wantedAt !== undefined) return foundAt - wantedAt
  if (timesOnly) return undefined
  if (DECIMAL.test(found) && DECIMAL.test(wanted)) return Number(found) - Number(wanted)
  return found < wanted ? -1 : Number(found > wanted)
}

/** RFC 3339, or a day alone, in lower case as everything that is compared. */
function parseTime(text: string): number | undefined {
  if (text.length > 40 || !/^\d{4}-\d\d-\d\d(?:t\d\d:\d\d:\d\d(?:\.\d+)?(?:z|[+-]\d\d:\d\d))?$/.test(text))
    return undefined
  const at = Date.parse(text.toUpperCase())
  return Number.isNaN(at) ? undefined : at
}

/** Whether one of the texts of a value, in lower case, passes the test. Nothing is made for plain values: lists are long. */
function someText(value: Filterable, test: TextTest): boolean {
  if (value === null || value === undefined) return test(NULL_TEXT)
  if (typeof value !== 'object') return test(String(value).toLowerCase())
  if (isList(value)) return value.some((item) => test(item.toLowerCase()))
  return Object.entries(value).some(([key, item]) => test(`${key}: ${item}`.toLowerCase()))
}

const isList = (value: readonly string[] | Readonly<Record<string, string>>): value is readonly string[] =>
  Array.isArray(value)
