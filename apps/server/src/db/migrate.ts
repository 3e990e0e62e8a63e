import type { Logger } from '@rport/kit'
import { type Kysely, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { DatabaseError } from './database-error.ts'

/** The migrations of one database, in order. A released one is never changed or renamed. */
export type Migrations = Readonly<Record<string, Migration>>

const TABLE = 'schema_migrations'
const LOCK_TABLE = 'schema_migrations_lock'

/**
 * Refuses a database that a newer version has changed: what that version wrote could be misread.
 * @throws  DatabaseError `newer`
 */
export async function assertKnownSchema(db: Kysely<unknown>, migrations: Migrations, file: string): Promise<void> {
  const tables = await sql<{
    n: number
  }>`select count(*) as n from sqlite_master where type = 'table' and name = ${TABLE}`.execute(db)
  if (!tables.rows[0]?.n) return
  const applied = await sql<{ name: string }>`select name from ${sql.table(TABLE)} order by name`.execute(db)
  const unknown = applied.rows.map((row) => row.name).find((name) => !Object.hasOwn(migrations, name))
  if (unknown === undefined) return
  throw new DatabaseError(
    'newer',
    `${file} was changed by a newer version (its step "${unknown}" is not known here): start that version, or restore a backup from before the update`,
  )
}

/** Brings the schema up to date in one transaction: all missing steps, or none. */
export async function migrate(db: Kysely<unknown>, migrations: Migrations, log: Logger): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: TABLE,
    migrationLockTableName: LOCK_TABLE,
  })
  const { error, results } = await migrator.migrateToLatest()
  for (const step of results ?? []) {
    if (step.status === 'Success') log.info({ migration: step.migrationName }, 'database schema updated')
  }
  if (error) throw error
}
