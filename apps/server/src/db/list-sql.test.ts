import type { FilterTest, FilterTree } from '@rport/api'
import { listGrammar, parseListQuery, parseQueryString } from '@rport/api'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database } from './database.ts'
import { filterSql, type ListColumns, sortSql } from './list-sql.ts'
import { openTestDatabase } from './testing/index.ts'

const columns: ListColumns = {
  name: { kind: 'text', column: 'name' },
  note: { kind: 'text', column: 'note' },
  at: { kind: 'time', column: 'seen_at' },
}
const grammar = listGrammar({
  sort: ['name', 'at'],
  filter: ['name', 'note', 'at', 'at[gt]', 'at[lt]', 'at[since]', 'at[until]'],
})

interface Row {
  readonly name: string
  readonly note: string | null
  readonly seen_at: number
}

let db: Database
beforeAll(async () => {
  db = await openTestDatabase()
  await db.write((trx) => sql`create table listed (name text, note text, seen_at bigint)`.execute(trx))
})
afterAll(() => db.close())

async function store(rows: readonly Row[]): Promise<void> {
  await db.write(async (trx) => {
    await sql`delete from listed`.execute(trx)
    for (const row of rows) {
      await sql`insert into listed values (${row.name}, ${row.note}, ${row.seen_at})`.execute(trx)
    }
  })
}

async function select(tree: FilterTree, order = sql`rowid`): Promise<Row[]> {
  const query = sql<Row>`select * from listed where ${filterSql(tree, columns)} order by ${order}`
  return (await query.execute(db.read)).rows
}

const parsed = (query: string) => {
  const values = parseQueryString(query)
  if (!values.ok) throw new Error(values.reason)
  return parseListQuery(grammar, values.values)
}
const namesOf = async (query: string) => (await select(parsed(query).filter)).map((row) => row.name)

const day = (text: string) => Date.parse(text)
const rows: Row[] = [
  { name: 'alpha', note: null, seen_at: day('2026-01-01T10:00:00.120Z') },
  { name: 'Alpha', note: '', seen_at: day('2026-01-02T10:00:00Z') },
  { name: 'a_b%c', note: 'x', seen_at: day('2026-02-01T10:00:00Z') },
]

it('regards letter case in equality and ignores it with wildcards', async () => {
  await store(rows)
  expect(await namesOf('filter[name]=alpha')).toEqual(['alpha'])
  expect(await namesOf('filter[name]=ALPH*')).toEqual(['alpha', 'Alpha'])
})

it('takes %, _ and backslashes of a value literally', async () => {
  await store(rows)
  expect(await namesOf('filter[name]=a_b*')).toEqual(['a_b%c'])
  expect(await namesOf('filter[name]=al_ha*')).toEqual([])
  expect(await namesOf('filter[name]=*%25c')).toEqual(['a_b%c'])
  expect(await namesOf('filter[name]=*\\*')).toEqual([])
})

it('finds NULL and the empty text by an empty value', async () => {
  await store(rows)
  expect(await namesOf('filter[note]=')).toEqual(['alpha', 'Alpha'])
})

it('treats and(…) as or(…), and several filters as and', async () => {
  await store(rows)
  expect(await namesOf('filter[name]=and(alpha,Alpha)')).toEqual(['alpha', 'Alpha'])
  expect(await namesOf('filter[name]=alpha,Alpha&filter[note]=x')).toEqual([])
  expect(await namesOf('filter[name|note]=x,alpha')).toEqual(['alpha', 'a_b%c'])
})

it('compares times however they are written', async () => {
  await store(rows)
  expect(await namesOf('filter[at][since]=2026-01-02 10:00:00')).toEqual(['Alpha', 'a_b%c'])
  expect(await namesOf('filter[at][gt]=2026-01-02T12:00:00%2B02:00')).toEqual(['a_b%c'])
  expect(await namesOf('filter[at][until]=2026-01-02T10:00:00Z')).toEqual(['alpha', 'Alpha'])
  expect(await namesOf('filter[at][lt]=2026-01-02')).toEqual(['alpha'])
  expect(await namesOf('filter[at]=2026-01-01T10:00:00.12Z')).toEqual(['alpha'])
  expect(await namesOf('filter[at]=2026-01-0*')).toEqual(['alpha', 'Alpha'])
})

it('compares what is no time as text', async () => {
  await store(rows)
  expect(await namesOf('filter[at][gt]=2026-01')).toEqual(['alpha', 'Alpha', 'a_b%c'])
  expect(await namesOf('filter[at][gt]=zzz')).toEqual([])
})

it('sorts by several keys', async () => {
  await store(rows)
  const order = sortSql(parsed('sort=-at&sort=name').sorts, columns)
  expect((await select([], order as ReturnType<typeof sql>)).map((row) => row.name)).toEqual([
    'a_b%c',
    'Alpha',
    'alpha',
  ])
  expect(sortSql([], columns)).toBeUndefined()
})

it('answers the largest request that the grammar lets through', async () => {
  await store(rows)
  const many = Array.from({ length: 999 }, (_, index) => `v${index}`).join(',')
  expect(await namesOf(`filter[name|note|at]=${many},alpha`)).toEqual(['alpha'])
})

it('never writes a value or an unknown name into the query', async () => {
  await store(rows)
  expect(await namesOf(`filter[name]=${encodeURIComponent("' or 1=1 --")}`)).toEqual([])
  expect(() => filterSql([{ columns: ['x'], operator: '', match: 'any', values: [] }], columns)).toThrow(
    'the list has no column x',
  )
  expect(() => sortSql([{ field: 'constructor', descending: false }], columns)).toThrow('no column constructor')
})

const letters = fc.string({ unit: fc.constantFrom('a', 'A', 'b', '%', '_', '\\', '*', "'", ' ', 'é'), maxLength: 5 })
const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  name: letters.map((text) => text.replaceAll('*', '')),
  note: fc.option(letters, { nil: null }),
  seen_at: fc.integer({ min: 0, max: 4_000_000_000_000 }),
})
const testArbitrary: fc.Arbitrary<FilterTest> = fc.record({
  columns: fc.uniqueArray(fc.constantFrom('name', 'note'), { minLength: 1 }),
  operator: fc.constantFrom('', 'eq', 'gt', 'lt', 'since', 'until'),
  match: fc.constantFrom('any', 'every'),
  values: fc.array(
    letters.map((text) => ({ text, pieces: text.split('*') })),
    { minLength: 1, maxLength: 4 },
  ),
})

const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
/** The slow reading of a wildcard: try every way to cut the text. */
function fits(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  if (rest.length === 0) return text === first
  if (!text.startsWith(first)) return false
  const tail = text.slice(first.length)
  return Array.from({ length: tail.length + 1 }, (_, cut) => tail.slice(cut)).some((part) => fits(part, rest))
}
const byteOrder = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right))
function holds(found: string | null, { operator }: FilterTest, value: { text: string; pieces: readonly string[] }) {
  if (operator === '' || operator === 'eq') {
    if (value.pieces.length > 1) return found !== null && fits(lower(found), value.pieces.map(lower))
    return value.text === '' ? found === null || found === '' : found === value.text
  }
  if (found === null) return false
  const difference = byteOrder(found, value.text)
  if (operator === 'gt') return difference > 0
  if (operator === 'lt') return difference < 0
  return operator === 'since' ? difference >= 0 : difference <= 0
}

it('agrees with a slow reading of the rules', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(rowArbitrary, { maxLength: 8 }),
      fc.array(testArbitrary, { maxLength: 3 }),
      async (stored, tree) => {
        await store(stored)
        const expected = stored.filter((row) =>
          tree.every((test) =>
            test.columns.some((column) =>
              test.values.some((value) => holds(column === 'name' ? row.name : row.note, test, value)),
            ),
          ),
        )
        expect(await select(tree)).toEqual(expected)
      },
    ),
    { numRuns: 150 },
  )
})
