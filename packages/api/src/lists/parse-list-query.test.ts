import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { clientFields, clientList, clientTagList } from '../clients.ts'
import { ApiError } from '../errors/api-error.ts'
import { parseQueryString } from '../text/query-string.ts'
import { listGrammar } from './list-grammar.ts'
import { parseListQuery } from './parse-list-query.ts'

const jobs = listGrammar({
  sort: ['jid', 'started_at'],
  filter: ['jid', 'status', 'started_at[gt]', 'started_at[lt]'],
  fields: { jobs: ['jid', 'status'], result: ['stdout', 'summary'] },
  defaultFields: { jobs: ['jid'], result: ['summary'] },
  page: { default: 100, max: 1000 },
})

const valuesOf = (raw: string) => {
  const query = parseQueryString(raw)
  if (!query.ok) throw new Error(query.reason)
  return query.values
}
const parse = (raw: string) => parseListQuery(jobs, valuesOf(raw))
const titles = (action: () => unknown): string[] => {
  try {
    action()
  } catch (error) {
    if (error instanceof ApiError) return error.entries.map((entry) => entry.title)
    throw error
  }
  return []
}

describe('sort', () => {
  test('a dash sorts downwards, all leading dashes count as one', () => {
    expect(parse('sort=-jid&sort=started_at').sorts).toEqual([
      { field: 'jid', descending: true },
      { field: 'started_at', descending: false },
    ])
    expect(parse('sort=--jid').sorts).toEqual([{ field: 'jid', descending: true }])
  })

  test('blanks are trimmed, empty ones ignored, commas not split', () => {
    expect(parse('sort=+jid+&sort=').sorts).toEqual([{ field: 'jid', descending: false }])
    expect(titles(() => parse('sort=jid,started_at'))).toEqual(["unsupported sort field 'jid,started_at'"])
  })

  test('a list that takes one sort refuses two', () => {
    expect(titles(() => parseListQuery(clientList, valuesOf('sort=name&sort=id')))).toEqual([
      'Only one sort field is supported for clients.',
    ])
  })

  test('a list without sort fields refuses every one, an operation without a list ignores it', () => {
    expect(titles(() => parseListQuery(clientTagList, valuesOf('sort=tag')))).toEqual(["unsupported sort field 'tag'"])
    expect(parseListQuery(clientFields, valuesOf('sort=tag&filter[x]=1&page[limit]=0')).sorts).toEqual([])
  })

  test('the names are types', () => {
    expectTypeOf(parse('').sorts[0]?.field).toEqualTypeOf<'jid' | 'started_at' | undefined>()
  })
})

describe('fields', () => {
  test('without any the list’s own are shown', () => {
    expect(parse('').fields).toEqual({ jobs: ['jid'], result: ['summary'] })
    expect(parseListQuery(clientFields, valuesOf('')).fields).toBeUndefined()
  })

  test('naming one resource drops the others', () => {
    expect(parse('fields[jobs]=status').fields).toEqual({ jobs: ['status'] })
  })

  test('may be repeated and are not trimmed', () => {
    expect(parse('fields[jobs]=status&fields[jobs]=jid,status').fields).toEqual({ jobs: ['status', 'jid'] })
    expect(titles(() => parse('fields[jobs]=status,+jid'))).toEqual(['unsupported field " jid" for resource "jobs"'])
  })

  test('an unknown resource is named, one that cannot match is ignored', () => {
    expect(titles(() => parse('fields[things]=jid'))).toEqual(['unsupported resource in fields: "things"'])
    expect(titles(() => parse('fields[__proto__]=jid'))).toEqual(['unsupported resource in fields: "__proto__"'])
    expect(parse('fields[graph-metrics]=x').fields).toEqual({ jobs: ['jid'], result: ['summary'] })
  })
})

describe('page', () => {
  test('has its defaults, and the first of repeated values counts', () => {
    expect(parse('').page).toEqual({ offset: 0, limit: 100 })
    expect(parse('page[limit]=5&page[limit]=7&page[offset]=3').page).toEqual({ offset: 3, limit: 5 })
  })

  test.each([
    ['page[limit]=x', 'pagination limit must be a number'],
    ['page[limit]=', 'pagination limit must be a number'],
    ['page[limit]=0x10', 'pagination limit must be a number'],
    ['page[limit]=1e2', 'pagination limit must be a number'],
    ['page[limit]=99999999999999999999', 'pagination limit must be a number'],
    ['page[limit]=0', 'pagination limit must be positive'],
    ['page[limit]=-3', 'pagination limit must be positive'],
    ['page[limit]=1001', 'pagination limit too big (1001) maximum is 1000'],
    ['page[offset]=x', 'pagination offset must be a number'],
    ['page[offset]=99999999999999999999', 'pagination offset must be a number'],
    ['page[offset]=-1', 'pagination offset must not be negative'],
  ])('%s is refused', (raw, title) => {
    expect(titles(() => parse(raw))).toEqual([title])
  })

  test('is ignored where the list is not paged', () => {
    const unpaged = parseListQuery(listGrammar({ sort: [] }), valuesOf('page[limit]=x'))
    expect(unpaged.page).toEqual({ offset: 0, limit: Number.POSITIVE_INFINITY })
  })
})

describe('filter', () => {
  const filters = (raw: string) => parse(raw).filter

  test('commas and repetitions join values, blanks around them are trimmed', () => {
    expect(filters('filter[jid]=a,+b&filter[jid]=c')).toEqual([
      {
        columns: ['jid'],
        operator: '',
        match: 'any',
        values: ['a', 'b', 'c'].map((text) => ({ text, pieces: [text] })),
      },
    ])
  })

  test('columns are joined by a bar, the star is every column without operator', () => {
    expect(filters('filter[jid|status]=a')[0]?.columns).toEqual(['jid', 'status'])
    expect(filters('filter[*]=a')[0]?.columns).toEqual(['jid', 'status'])
    expect(filters('filter[*][gt]=a')[0]?.columns).toEqual(['started_at'])
  })

  test('and() demands all, or() one, both only around the whole value', () => {
    expect(filters('filter[jid]=and(a,b)')[0]).toMatchObject({ match: 'every', values: [{ text: 'a' }, { text: 'b' }] })
    expect(filters('filter[jid]=or(a,b)')[0]).toMatchObject({ match: 'any', values: [{ text: 'a' }, { text: 'b' }] })
    expect(filters('filter[jid]=AND(a,b)')[0]).toMatchObject({
      match: 'any',
      values: [{ text: 'AND(a' }, { text: 'b)' }],
    })
  })

  test('stars cut a value into pieces', () => {
    expect(filters('filter[jid]=a*b*')[0]?.values).toEqual([{ text: 'a*b*', pieces: ['a', 'b', ''] }])
  })

  test('an empty value is a value', () => {
    expect(filters('filter[jid]=')[0]?.values).toEqual([{ text: '', pieces: [''] }])
  })

  test('an operator must be listed with its column', () => {
    expect(filters('filter[started_at][gt]=1')[0]).toMatchObject({ columns: ['started_at'], operator: 'gt' })
    for (const key of [
      'filter[started_at]',
      'filter[jid][gt]',
      'filter[started_at][since]',
      'filter[jid][foo]',
      'filter[jid|x]',
    ]) {
      expect(titles(() => parse(`${key}=1`))).toEqual([`unsupported filter field '${key}'`])
    }
  })

  test('what follows the brackets is ignored, other shapes are no filters', () => {
    expect(filters('filter[jid]x[y]=1')).toHaveLength(1)
    expect(filters('filter=1&filter[]=2&filter[a-b]=3&xfilter[jid]=4')).toEqual([])
  })

  test('encoded brackets are brackets', () => {
    expect(filters('filter%5Bjid%5D=a')).toHaveLength(1)
  })

  test('more values than any list could need are refused', () => {
    const many = Array.from({ length: 1001 }, () => 'a').join(',')
    expect(titles(() => parse(`filter[jid]=${many}`))).toEqual(['too many filter values (1001) maximum is 1000'])
  })

  test('wildcards are paid by the columns they are held against', () => {
    const many = Array.from({ length: 20 }, () => 'a*').join(',')
    expect(titles(() => parseListQuery(clientList, valuesOf(`filter[*]=${many}`)))).toEqual([
      'too many wildcard filters (540) maximum is 500',
    ])
    expect(titles(() => parseListQuery(clientList, valuesOf(`filter[id]=${many}`)))).toEqual([])
  })

  test('a value longer than anything is refused', () => {
    expect(titles(() => parse(`filter[jid]=${'a'.repeat(1001)}`))).toEqual([
      "value of 'filter[jid]' is longer than 1000 characters",
    ])
  })
})

test('all faults are collected in their order', () => {
  const raw = 'page[offset]=-5&page[limit]=0&fields[clients]=foo&filter[foo]=1&sort=foo'
  expect(titles(() => parseListQuery(clientList, valuesOf(raw)))).toEqual([
    "unsupported sort field 'foo'",
    "unsupported filter field 'filter[foo]'",
    'unsupported field "foo" for resource "clients"',
    'pagination limit must be positive',
    'pagination offset must not be negative',
  ])
})

test('whatever is sent, the answer is a query or an ApiError', () => {
  const part = fc.oneof(
    fc.constantFrom('sort', 'filter', 'fields', 'page', '[', ']', 'jid', '*', '|', '=', '&', 'and('),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const query = parseQueryString(parts.join(''))
      if (query.ok) titles(() => parseListQuery(jobs, query.values))
    }),
    { numRuns: 500 },
  )
})
