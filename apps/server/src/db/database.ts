import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import type { Clock, Logger } from '@rport/kit'
import type { Kysely } from 'kysely'
import { createGroupCommit } from './group-commit.ts'
import { checkDatabaseFile, takeBackHalfWritten } from './integrity.ts'
import { type Migrations, migrate } from './migrate.ts'
import { migrations as ourMigrations } from './migrations/index.ts'
import { openSqlite, queriesOn } from './sqlite.ts'
import type { Tables } from './tables.ts'

/** A query builder: `db.read` outside, or the transaction that `db.write` hands to its work. */
export type Queries = Kysely<Tables>

/** A write that somebody else's transaction carries: both are kept or neither. It awaits its own queries and nothing else. */
export type JoinedWrite = (trx: Queries) => Promise<void>

/** The embedded database. */
export interface Database {
  /** Committed state, on a connection that cannot write. Each statement sees one snapshot; there are no read transactions. */
  readonly read: Queries
  /**
   * Runs `work` as one transaction, one write after the other, and resolves when it is on the disk. The work awaits its own
   * queries and nothing else: everybody's writes wait for it.
   * @param patienceMs  for so long it waits for other writes whose flush of the disk it can share; default 0
   * @throws  whatever the work threw (nothing of it is kept then); DatabaseError `full`, `overloaded`, `timeout`, `closed` …
   */
  write<T>(work: (trx: Queries) => Promise<T>, patienceMs?: number): Promise<T>
  /** Writes that wait for their turn. */
  readonly waitingWrites: number
  /** Finishes the writes that wait, then closes the file. Idempotent. */
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Path of the file; created with mode 0600 when absent. Its folder must exist. */
  readonly file: string
  readonly log: Logger
  readonly clock: Clock
  /** Least time between two commits while writes keep coming. Default 5 ms. */
  readonly groupWindowMs?: number
  /** Whether a commit waits for the disk. `off` is for tests, where a power cut loses nothing of value. */
  readonly durability?: 'full' | 'off'
  /** Default: the migrations of this program. */
  readonly migrations?: Migrations
}

/**
 * Opens the file, takes back what a killed process left half-written, checks it, brings its schema up to date.
 * @throws  DatabaseError `damaged` or `newer` (the file is untouched but for that), `unreachable`, `full`
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { file, log, clock, migrations = ourMigrations } = options
  if (existsSync(file) && statSync(file).size > 0) {
    takeBackHalfWritten(file)
    await checkDatabaseFile(file, migrations)
  } else closeSync(openSync(file, 'a', 0o600))
  const writer = openSqlite({ file, access: 'read-write' })
  try {
    writer.raw.exec(
      `PRAGMA journal_mode = wal; PRAGMA synchronous = ${options.durability ?? 'full'}; PRAGMA journal_size_limit = 67108864`,
    )
    await migrate(queriesOn(writer, { transactions: true }), migrations, log)
    const reader = openSqlite({ file, access: 'read-only' })
    const group = createGroupCommit<Tables>({ connection: writer, clock, log, windowMs: options.groupWindowMs ?? 5 })
    let closing: Promise<void> | undefined
    return {
      read: queriesOn<Tables>(reader),
      write: group.write,
      get waitingWrites() {
        return group.waiting
      },
      close() {
        closing ??= group.drain().then(() => {
          reader.raw.close()
          writer.raw.close()
        })
        return closing
      },
    }
  } catch (error) {
    writer.raw.close()
    throw error
  }
}
