import type { Clock, Logger } from '@rport/kit'
import { DatabaseError } from './database-error.ts'
import type { ExternalDatabase } from './external-database.ts'
import { createGroupCommit } from './group-commit.ts'
import { openSqlite, queriesOn, type SqliteConnection } from './sqlite.ts'
import { isDuplicateKey, toDatabaseError } from './sqlite-errors.ts'

/**
 * A SQLite file that belongs to somebody else; its journal mode stays as it is.
 * @throws  DatabaseError naming the file; it is never created
 */
export function openExternalSqlite(options: { file: string; log: Logger; clock: Clock }): ExternalDatabase {
  const { file, log, clock } = options
  const connect = (access: 'read-only' | 'read-write') => {
    let connection: SqliteConnection | undefined
    try {
      connection = openSqlite({ file, access })
      // Opening is lazy: only a query finds out that this is no database.
      connection.raw.prepare('select count(*) from sqlite_master').get()
      return connection
    } catch (thrown) {
      connection?.raw.close()
      const error = toDatabaseError(thrown)
      if (!(error instanceof DatabaseError)) throw error
      throw new DatabaseError(error.failure, `${file}: ${error.message}`, { cause: error })
    }
  }
  const reader = connect('read-only')
  // Opened at the first write: most servers never change this file, and some may not.
  let writer:
    | { connection: ReturnType<typeof connect>; group: ReturnType<typeof createGroupCommit<unknown>> }
    | undefined
  let closing: Promise<void> | undefined
  const openWriter = () => {
    const connection = connect('read-write')
    return { connection, group: createGroupCommit<unknown>({ connection, log, clock, windowMs: 0 }) }
  }
  return {
    read: queriesOn(reader),
    async write(work) {
      if (closing !== undefined) throw new DatabaseError('closed', `${file} is closed`)
      writer ??= openWriter()
      return writer.group.write(work)
    },
    isDuplicateKey,
    isOutage: (error) => error instanceof DatabaseError,
    close() {
      closing ??= (async () => {
        await writer?.group.drain()
        writer?.connection.raw.close()
        reader.raw.close()
      })()
      return closing
    },
  }
}
