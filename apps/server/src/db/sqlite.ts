import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { DatabaseError } from './database-error.ts'
import { toDatabaseError } from './sqlite-errors.ts'
import { createStatementCache, type StatementCache } from './statement-cache.ts'

/** One open connection to a SQLite file with its prepared statements. Whoever opened it closes `raw`. */
export interface SqliteConnection {
  readonly raw: DatabaseSync
  readonly statements: StatementCache
}

/** How long a connection waits for another process that holds the file. The wait stops the whole process: keep it short. */
const BUSY_TIMEOUT_MS = 2000

export interface SqliteOptions {
  readonly file: string
  readonly access: 'read-write' | 'read-only'
}

/**
 * Opens one connection. Foreign keys are enforced, functions of the schema are not trusted, double-quoted text is no literal.
 * @throws  DatabaseError
 */
export function openSqlite(options: SqliteOptions): SqliteConnection {
  try {
    const raw = new DatabaseSync(options.file, {
      readOnly: options.access === 'read-only',
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      allowExtension: false,
      timeout: BUSY_TIMEOUT_MS,
      defensive: true,
    })
    try {
      raw.exec('PRAGMA trusted_schema = off; PRAGMA cell_size_check = on; PRAGMA temp_store = memory')
    } catch (error) {
      raw.close()
      throw error
    }
    return { raw, statements: createStatementCache(raw) }
  } catch (error) {
    throw toDatabaseError(error)
  }
}

/** Whether queries may still run: a transaction that has ended must not write into the next one. */
export interface Gate {
  readonly isOpen: boolean
}

export interface QueryOptions {
  /** Absent: always open. */
  readonly gate?: Gate
  /** Whether Kysely's own transactions may be used; where writes are grouped they may not. */
  readonly transactions?: boolean
}

/** SQLite takes back schema changes with their transaction; Kysely's own adapter does not rely on it. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Of all connections: it remembers nothing from one query to the next, and making one costs more than a query. */
const compiler = new SqliteQueryCompiler()
const adapter = new TransactionalAdapter()

/** A query builder on an open connection. Cheap to make; destroying it leaves the connection open. */
export function queriesOn<Tables>(connection: SqliteConnection, options: QueryOptions = {}): Kysely<Tables> {
  const session = createSession(connection, options.gate)
  const driver = createDriver(connection, session, options)
  const dialect: Dialect = {
    createAdapter: () => adapter,
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => compiler,
  }
  if (options.transactions) return new Kysely<Tables>({ dialect })
  // There is one connection and it is always free: Kysely's own book of connections would only add turns of the loop.
  const executor = new DefaultQueryExecutor(compiler, adapter, { provideConnection: (consumer) => consumer(session) })
  return new Kysely<Tables>({ config: { dialect }, dialect, driver, executor })
}

function createDriver(connection: SqliteConnection, session: DatabaseConnection, options: QueryOptions): Driver {
  const run = async (sql: string) => {
    if (!options.transactions) {
      throw new Error('no transactions here: a write() is one already, and a read must be a single statement')
    }
    connection.raw.exec(sql)
  }
  return {
    init: async () => undefined,
    acquireConnection: async () => session,
    releaseConnection: async () => undefined,
    beginTransaction: () => run('BEGIN IMMEDIATE'),
    commitTransaction: () => run('COMMIT'),
    rollbackTransaction: () => run('ROLLBACK'),
    destroy: async () => undefined,
  }
}

function createSession(connection: SqliteConnection, gate: Gate | undefined): DatabaseConnection {
  const assertOpen = () => {
    if (gate && !gate.isOpen)
      throw new DatabaseError('closed', 'this transaction has ended: await every query inside it')
  }
  return {
    async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
      assertOpen()
      try {
        const { statement, hasRows } = connection.statements.get(query.sql)
        const parameters = query.parameters.map(toSqlValue)
        if (hasRows) return { rows: statement.all(...parameters) as Row[] }
        const { changes, lastInsertRowid } = statement.run(...parameters)
        return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
      } catch (error) {
        throw toDatabaseError(error)
      }
    },
    // biome-ignore lint/correctness/useYield: pages with LIMIT are what we use; an open cursor would hold the connection
    async *streamQuery() {
      throw new Error('no cursors here: page with LIMIT')
    },
  }
}

/** SQLite knows no booleans, and node:sqlite refuses what it does not know. */
function toSqlValue(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === undefined) throw new TypeError('a query parameter is undefined: write null if that is meant')
  return value as SQLInputValue
}
