import { CompiledQuery } from 'kysely'
import type { Queries } from './database.ts'

/** The values of a query, in the order of its question marks. */
export type QueryValue = string | number | null

/**
 * A query whose text is written once, for what runs at every request or arrival of an agent: building the text anew with the
 * query builder costs several times what running it does. Values go in as parameters only.
 */
export const preparedQuery =
  <Row = never>(sql: string) =>
  async (queries: Queries, values: readonly QueryValue[]): Promise<Row[]> => {
    const { rows } = await queries.executeQuery<Row>(CompiledQuery.raw(sql, values as QueryValue[]))
    return rows
  }

/** Rows that one statement takes, where there are so many: what a statement costs is shared by them. */
const ROWS_AT_ONCE = 10

/** Adds rows to a table, whose columns are given once; each row has its values in their order. */
export function preparedRows(table: string, columns: readonly string[]) {
  const one = `(${columns.map(() => '?').join(', ')})`
  const insert = (rows: number) =>
    preparedQuery(`insert into ${table} (${columns.join(', ')}) values ${Array(rows).fill(one).join(', ')}`)
  const insertOne = insert(1)
  const insertSome = insert(ROWS_AT_ONCE)
  return async (queries: Queries, rows: readonly (readonly QueryValue[])[]): Promise<void> => {
    let at = 0
    for (; at + ROWS_AT_ONCE <= rows.length; at += ROWS_AT_ONCE) {
      await insertSome(queries, rows.slice(at, at + ROWS_AT_ONCE).flat())
    }
    for (const row of rows.slice(at)) await insertOne(queries, row)
  }
}
