import { existsSync } from 'node:fs'
import { DatabaseError } from './database-error.ts'
import { assertKnownSchema, type Migrations } from './migrate.ts'
import { openSqlite, queriesOn, type SqliteConnection } from './sqlite.ts'
import { toDatabaseError } from './sqlite-errors.ts'

/**
 * Looks at an existing file before anything is written to it: is it whole, and do we know its schema?
 * The connection is read-only, so a file that is refused stays as it was found.
 * @throws  DatabaseError `damaged` with the way out, `newer`, `unreachable`
 */
export async function checkDatabaseFile(file: string, migrations: Migrations): Promise<void> {
  let connection: SqliteConnection | undefined
  try {
    connection = openSqlite({ file, access: 'read-only' })
    const complaints = connection.raw
      .prepare('PRAGMA quick_check(5)')
      .all()
      .map((row) => String(Object.values(row)[0]))
    if (complaints.join() !== 'ok') throw new DatabaseError('damaged', complaints.join('; ').slice(0, 500))
    await assertKnownSchema(queriesOn(connection), migrations, file)
  } catch (thrown) {
    const error = toDatabaseError(thrown)
    if (error instanceof DatabaseError && error.failure === 'damaged') throw damaged(file, error)
    throw error
  } finally {
    connection?.raw.close()
  }
}

/**
 * Takes back what a killed process left half-written before the file was in WAL mode: while it was made, or when a restored one
 * was opened for the first time. The check may not do it, because it only reads. Nobody else may have the file open.
 * @throws  DatabaseError; nothing for damage, which the check tells better
 */
export function takeBackHalfWritten(file: string): void {
  if (!existsSync(`${file}-journal`)) return
  let connection: SqliteConnection | undefined
  try {
    connection = openSqlite({ file, access: 'read-write' })
    // The first look into the file plays the journal back.
    connection.raw.exec('SELECT count(*) FROM sqlite_schema')
  } catch (thrown) {
    const error = toDatabaseError(thrown)
    if (!(error instanceof DatabaseError && error.failure === 'damaged')) throw error
  } finally {
    connection?.raw.close()
  }
}

const damaged = (file: string, cause: DatabaseError) =>
  new DatabaseError(
    'damaged',
    `${file} is damaged (${cause.message}) and was left untouched: restore it from a backup, or save what is readable with ` +
      `\`sqlite3 ${file} .recover | sqlite3 recovered.db\`, or move ${file}, ${file}-wal and ${file}-shm away to start empty`,
    { cause },
  )
