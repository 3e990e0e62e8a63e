import type { FilterTest, FilterTree, FilterValue, SortKey } from '@rport/api'
import { type RawBuilder, type SqlBool, sql } from 'kysely'

/**
 * What a name of a list's grammar is in its table. `time`: milliseconds since 1970, which callers see, filter and compare as
 * the original's text `2026-11-21 15:04:05.123+00:00`.
 */
export type ListColumn = { readonly kind: 'text' | 'time'; readonly column: string }
/** Every name of the grammar that can be sorted or filtered by. */
export type ListColumns = Readonly<Record<string, ListColumn>>

/**
 * The filters of a request as a condition. Values become parameters; names are looked up in `columns`, never written into
 * the query. Rules: filter-tree.ts of packages/api. Times with a `T` (RFC 3339) are understood as times.
 * @throws when a name is not in `columns`: the grammar and the store disagree
 */
export function filterSql(tree: FilterTree, columns: ListColumns): RawBuilder<SqlBool> {
  const tests = tree.map((test) => testSql(test, columns))
  return tests.length === 0 ? sql<SqlBool>`1 = 1` : balanced(tests, sql` and `)
}

/** `order by` terms for the sort keys; undefined when there are none. @throws as `filterSql` */
export function sortSql(sorts: readonly SortKey[], columns: ListColumns): RawBuilder<unknown> | undefined {
  if (sorts.length === 0) return undefined
  return sql.join(
    sorts.map(({ field, descending }) => {
      const column = sql.ref(columnOf(field, columns).column)
      return descending ? sql`${column} desc` : sql`${column} asc`
    }),
  )
}

function testSql(test: FilterTest, columns: ListColumns): RawBuilder<SqlBool> {
  const terms = test.columns.flatMap((name) => {
    const column = columnOf(name, columns)
    return test.values.map((value) => valueSql(column, test.operator, value))
  })
  return balanced(terms, sql` or `)
}

/** Joins terms as a tree instead of a row: databases bound how deep an expression may be, and a request may have 1,000. */
function balanced(terms: readonly RawBuilder<SqlBool>[], operator: RawBuilder<unknown>): RawBuilder<SqlBool> {
  const [first] = terms
  if (first && terms.length === 1) return first
  const middle = Math.ceil(terms.length / 2)
  return sql<SqlBool>`(${balanced(terms.slice(0, middle), operator)}${operator}${balanced(terms.slice(middle), operator)})`
}

function valueSql(column: ListColumn, operator: FilterTest['operator'], value: FilterValue): RawBuilder<SqlBool> {
  const stored = sql.ref(column.column)
  const shown = column.kind === 'time' ? timeText(stored) : stored
  if (operator === '' || operator === 'eq') {
    if (value.pieces.length > 1) return sql<SqlBool>`${shown} like ${likePattern(value.pieces)} escape '\\'`
    if (value.text === '') return sql<SqlBool>`(${shown} = '' or ${stored} is null)`
    const at = column.kind === 'time' ? instantOf(value.text) : undefined
    return at === undefined ? sql<SqlBool>`${shown} = ${value.text}` : sql<SqlBool>`${stored} = ${at}`
  }
  const at = column.kind === 'time' ? instantOf(value.text) : undefined
  const left = at === undefined ? shown : stored
  return sql<SqlBool>`${left} ${signs[operator]} ${at ?? value.text}`
}

const signs = { gt: sql`>`, lt: sql`<`, since: sql`>=`, until: sql`<=` } as const

const likePattern = (pieces: readonly string[]): string =>
  pieces.map((piece) => piece.replace(/[\\%_]/g, (special) => `\\${special}`)).join('%')

/** compat: times are compared as the text that the original stored. */
const timeText = (column: RawBuilder<unknown>): RawBuilder<string> =>
  sql<string>`strftime('%Y-%m-%d %H:%M:%f+00:00', ${column} / 1000.0, 'unixepoch')`

const INSTANT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/i

/** Milliseconds of a day or a time, UTC unless it says otherwise; undefined for anything else. */
function instantOf(text: string): number | undefined {
  const match = INSTANT.exec(text)
  if (!match) return undefined
  const [, day, time = '00:00', zone = 'Z'] = match
  const at = Date.parse(`${day}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(at) ? undefined : at
}

function columnOf(name: string, columns: ListColumns): ListColumn {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined
  if (!column) throw new Error(`the list has no column ${name}`)
  return column
}
