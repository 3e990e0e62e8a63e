import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** A prepared statement, and whether it answers with rows. */
export interface PreparedStatement {
  readonly statement: StatementSync
  readonly hasRows: boolean
}

export interface StatementCache {
  /** The prepared statement of this text; prepares it when it is not in the cache. */
  get(sql: string): PreparedStatement
  readonly size: number
}

/**
 * Remembers prepared statements by their text and forgets the least recently used one when `maxEntries` are there.
 * Preparing costs more than running for most of our queries; the bound is for texts whose length depends on input.
 */
export function createStatementCache(connection: DatabaseSync, maxEntries = 500): StatementCache {
  const entries = new Map<string, PreparedStatement>()
  return {
    get size() {
      return entries.size
    },
    get(sql) {
      const known = entries.get(sql)
      if (known) {
        entries.delete(sql)
        entries.set(sql, known)
        return known
      }
      const statement = connection.prepare(sql)
      const prepared = { statement, hasRows: statement.columns().length > 0 }
      entries.set(sql, prepared)
      if (entries.size > maxEntries) {
        const oldest = entries.keys().next()
        if (!oldest.done) entries.delete(oldest.value)
      }
      return prepared
    },
  }
}
