import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseQueryString } from '../text/query-string.ts'
import { compileFilter, type Filterable } from './compile-filter.ts'
import { parseFilters } from './parse-filters.ts'
import { wildcardMatcher } from './wildcard.ts'

type Row = Readonly<Record<string, Filterable>>
const alpha: Row = {
  id: 'agent-alpha',
  name: 'Alpha',
  tags: ['linux', 'dc1'],
  labels: { city: 'Cologne', country: 'Germany' },
  num_cpus: 4,
  active: true,
  nothing: null,
  at: '2024-05-06T10:00:00Z',
}
const known = [
  'id',
  'name',
  'tags',
  'labels',
  'num_cpus',
  'active',
  'nothing',
  'at',
  'at[gt]',
  'at[lt]',
  'at[eq]',
  'at[since]',
  'at[until]',
  'num_cpus[gt]',
  'name[gt]',
]

function matches(raw: string, row: Row = alpha): boolean {
  const query = parseQueryString(raw)
  const faults: unknown[] = []
  const tree = parseFilters(known, query.ok ? query.values : new Map(), faults as never)
  expect(faults).toEqual([])
  return compileFilter(tree, (of: Row, column) => of[column])(row)
}

describe('compileFilter', () => {
  test.each([
    ['', true],
    ['filter[name]=ALPHA', true],
    ['filter[name]=Alph', false],
    ['filter[name]=Beta,alpha', true],
    ['filter[id]=agent-*a', true],
    ['filter[id]=*ALPHA', true],
    ['filter[id]=agent*x', false],
    ['filter[id]=agent.alpha', false],
    ['filter[id]=agent-.*', false],
    ['filter[id|name]=alpha', true],
    ['filter[id|name]=beta', false],
    ['filter[tags]=dc1,dc2', true],
    ['filter[tags]=and(linux,dc1)', true],
    ['filter[tags]=and(linux,dc2)', false],
    ['filter[tags]=or(dc2,linux)', true],
    ['filter[labels]=city:+Cologne', true],
    ['filter[labels]=country:*', true],
    ['filter[labels]=Cologne', false],
    ['filter[num_cpus]=4', true],
    ['filter[num_cpus]=04', false],
    ['filter[active]=true', true],
    ['filter[nothing]=<nil>', true],
    ['filter[nothing]=', false],
    ['filter[nothing]=*', true],
    ['filter[name]=alpha&filter[tags]=dc2', false],
    ['filter[name]=alpha&filter[tags]=dc1', true],
    ['filter[name]=and(al*,*pha)', true],
    ['filter[name]=and(al*,*x)', false],
  ])('%s is %s', (raw, expected) => {
    expect(matches(raw)).toBe(expected)
  })

  test('an empty value matches the empty text and nothing else', () => {
    expect(matches('filter[name]=', { name: '' })).toBe(true)
    expect(matches('filter[name]=', { name: 'x' })).toBe(false)
    expect(matches('filter[tags]=', { tags: [] })).toBe(false)
  })

  test.each([
    ['filter[at][gt]=2024-05-06', true],
    ['filter[at][gt]=2024-05-06T12:00:00%2B02:00', false],
    ['filter[at][since]=2024-05-06T12:00:00%2B02:00', true],
    ['filter[at][until]=2024-05-06T12:00:00%2B02:00', true],
    ['filter[at][lt]=2024-05-07', true],
    ['filter[at][eq]=2024-05-06', true],
    ['filter[at][eq]=2024-05-05', false],
    ['filter[at][eq]=2024-05-06T10:00:00Z', true],
    ['filter[num_cpus][gt]=3', true],
    ['filter[num_cpus][gt]=10', false],
    ['filter[name][gt]=aa', true],
    ['filter[name][gt]=b', false],
  ])('%s compares to %s', (raw, expected) => {
    expect(matches(raw)).toBe(expected)
  })

  test('a name that looks like a day can be found', () => {
    expect(matches('filter[name]=2024-05-06', { name: '2024-05-06' })).toBe(true)
  })
})

describe('wildcardMatcher', () => {
  const reference = (pieces: readonly string[], text: string) =>
    new RegExp(`^${pieces.map((piece) => piece.replace(/[^\w]/g, '\\$&')).join('.*')}$`, 's').test(text)

  test('agrees with a regular expression on short texts', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 6 })
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 5 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 14 }),
        (pieces, text) => {
          expect(wildcardMatcher(pieces)(text)).toBe(reference(pieces, text))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('prefix and suffix may not overlap', () => {
    expect(wildcardMatcher(['aba', 'ba'])('aba')).toBe(false)
    expect(wildcardMatcher(['aba', 'ba'])('ababa')).toBe(true)
  })

  test('a pattern made to hang regular expressions is answered at once', () => {
    const pieces = Array.from({ length: 400 }, () => 'a'.repeat(20))
    const startedMs = performance.now()
    expect(wildcardMatcher([...pieces, 'b'])('a'.repeat(1_000_000))).toBe(false)
    expect(wildcardMatcher(['', `${'a'.repeat(500)}b`, ''])('a'.repeat(1_000_000))).toBe(false)
    expect(performance.now() - startedMs).toBeLessThan(2000)
  })
})

test('the grammar agrees with a slow reading of it, from the text of the query on', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'B', 'b', '.', '%', "'", '(', ';'), maxLength: 4 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'B', '.', '*', "'"), minLength: 1, maxLength: 4 })
  const rowOf = fc.record({ id: letters, name: fc.option(letters), tags: fc.array(letters, { maxLength: 3 }) })
  const testOf = fc.record({
    columns: fc.uniqueArray(fc.constantFrom('id', 'name', 'tags'), { minLength: 1 }),
    isEvery: fc.boolean(),
    values: fc.array(pattern, { minLength: 1, maxLength: 3 }),
  })
  const textsOf = (value: Filterable): string[] =>
    Array.isArray(value) ? value : [value === null ? '<nil>' : `${value}`]
  const fits = (text: string, value: string) =>
    new RegExp(`^${value.replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`, 'is').test(text)
  fc.assert(
    fc.property(
      rowOf,
      fc.uniqueArray(testOf, { maxLength: 3, selector: (of) => of.columns.join('|') }),
      (row, tests) => {
        const expected = tests.every(({ columns, isEvery, values }) =>
          columns.some((column) => {
            const holds = (value: string) => textsOf(row[column]).some((text) => fits(text, value))
            return isEvery ? values.every(holds) : values.some(holds)
          }),
        )
        const query = tests.map(({ columns, isEvery, values }) => {
          const text = isEvery ? `and(${values.join(',')})` : `or(${values.join(',')})`
          return `filter[${columns.join('|')}]=${encodeURIComponent(text)}`
        })
        expect(matches(query.join('&'), row)).toBe(expected)
      },
    ),
    { numRuns: 1000 },
  )
})
