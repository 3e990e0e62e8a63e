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
