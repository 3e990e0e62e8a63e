/**
 * The embedded database: opening, checking, migrating, grouped commits, row types, and databases of others.
 * Not for queries: those live in the `*-store.ts` of the feature that owns the table.
 * Start at database.ts; a new table is a row type in tables.ts and a step in migrations/.
 */
export { checkDatabase } from './check-database.ts'
export { copyDatabase } from './copy-database.ts'
export { type Database, type DatabaseOptions, type JoinedWrite, openDatabase, type Queries } from './database.ts'
export { DatabaseError, type DatabaseFailure } from './database-error.ts'
export type { ExternalDatabase, ExternalDatabaseAddress } from './external-database.ts'
export { openExternalSqlite } from './external-sqlite.ts'
export { filterSql, type ListColumn, type ListColumns, sortSql } from './list-sql.ts'
export { openExternalDatabase } from './open-external-database.ts'
export { preparedQuery, preparedRows, type QueryValue } from './prepared-query.ts'
export { openDatabaseForReading, type ReadOnlyDatabase } from './read-only-database.ts'
export { isDuplicateKey } from './sqlite-errors.ts'
export type { Tables } from './tables.ts'
