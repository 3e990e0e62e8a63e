import { existsSync } from 'node:fs'
import type { Kysely } from 'kysely'
import type { Queries } from './database.ts'
import { DatabaseError } from './database-error.ts'
import { assertKnownSchema } from './migrate.ts'
import { migrations } from './migrations/index.ts'
import { openSqlite, queriesOn } from './sqlite.ts'
import type { Tables } from './tables.ts'

/** The embedded database for looking only, also while a server works on it. */
export interface ReadOnlyDatabase {
  readonly read: Queries
  close(): void
}

/** @throws DatabaseError `unreachable` when there is no such file, `damaged`, `newer` */
export async function openDatabaseForReading(file: string): Promise<ReadOnlyDatabase> {
  if (!existsSync(file)) throw new DatabaseError('unreachable', `there is no database ${file}`)
  const connection = openSqlite({ file, access: 'read-only' })
  try {
    const read = queriesOn<Tables>(connection)
    await assertKnownSchema(read as Kysely<unknown>, migrations, file)
    return { read, close: () => connection.raw.close() }
  } catch (error) {
    connection.raw.close()
    throw error
  }
}
