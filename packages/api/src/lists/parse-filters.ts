import { type ApiError, apiError } from '../errors/api-error.ts'
import type { QueryValues } from '../text/query-string.ts'
import { type FilterTest, type FilterTree, type FilterValue, filterOperators } from './filter-tree.ts'

/** Values of all filters of a request together. */
const MAX_VALUES = 1000
/** Longer than any text that a row holds. */
const MAX_VALUE_LENGTH = 1000
/** Wildcard values times the columns each is held against: what one row may cost. */
const MAX_WILDCARD_TESTS = 500

const FILTER_KEY = /^filter\[([\w|*]+)\](?:\[(\w+)\])?/

/**
 * Reads every `filter[…]`. Faults are added in the order in which the keys were sent.
 * @param known  `column` and `column[operator]` that the list has; undefined: filters are ignored
 */
export function parseFilters(
  known: readonly string[] | undefined,
  values: QueryValues,
  faults: ApiError[],
): FilterTree {
  if (known === undefined) return []
  const tests: FilterTest[] = []
  for (const [key, texts] of values) {
    const match = FILTER_KEY.exec(key)
    if (!match) continue
    const operator = match[2] ?? ''
    const columns = columnsOf(match[1] ?? '', operator, known)
    const test = columns && toTest(columns, operator, texts)
    if (!test) faults.push(apiError('unsupported_filter', { filter: match[0] }))
    else if (test.values.some((value) => value.text.length > MAX_VALUE_LENGTH)) {
      faults.push(apiError('filter_value_too_long', { filter: match[0], max: MAX_VALUE_LENGTH }))
    } else tests.push(test)
  }
  checkCost(tests, faults)
  return tests
}

/** The columns that a filter names, or undefined when one of them is not known with this operator. */
function columnsOf(list: string, operator: string, known: readonly string[]): string[] | undefined {
  const suffix = operator === '' ? '' : `[${operator}]`
  const columns = list === '*' ? withOperator(known, suffix) : [...new Set(list.split('|'))]
  return columns.length > 0 && columns.every((column) => known.includes(`${column}${suffix}`)) ? columns : undefined
}

const withOperator = (known: readonly string[], suffix: string): string[] =>
  known
    .filter((name) => (suffix === '' ? !name.includes('[') : name.endsWith(suffix)))
    .map((name) => name.slice(0, name.length - suffix.length))

function toTest(columns: readonly string[], operatorText: string, texts: readonly string[]): FilterTest | undefined {
  const operator = filterOperators.find((name) => name === operatorText)
  if (operator === undefined) return undefined
  let match: FilterTest['match'] = 'any'
  const values: FilterValue[] = []
  for (const text of texts) {
    const wrapped = /^(and|or)\((.*)\)$/s.exec(text.trim())
    if (wrapped?.[1] === 'and') match = 'every'
    for (const part of (wrapped?.[2] ?? text).split(',')) {
      const value = part.trim()
      values.push({ text: value, pieces: value.split('*') })
    }
  }
  return { columns, operator, match, values }
}

function checkCost(tests: FilterTree, faults: ApiError[]): void {
  const values = tests.reduce((sum, test) => sum + test.values.length, 0)
  if (values > MAX_VALUES) {
    faults.push(apiError('too_many_filters', { what: 'filter values', count: values, max: MAX_VALUES }))
  }
  const wildcards = tests.reduce(
    (sum, test) => sum + test.columns.length * test.values.filter((value) => value.pieces.length > 1).length,
    0,
  )
  if (wildcards > MAX_WILDCARD_TESTS) {
    faults.push(apiError('too_many_filters', { what: 'wildcard filters', count: wildcards, max: MAX_WILDCARD_TESTS }))
  }
}
