import { type Clock, errorCode, errorMessage, type Logger } from '@rport/kit'
import { Kysely, MysqlDialect, type MysqlPool, type MysqlPoolConnection } from 'kysely'
import mysql from 'mysql2'
import { DatabaseError } from './database-error.ts'
import type { DatabaseServerAddress, ExternalDatabase } from './external-database.ts'
import { createReachability, type Reachability } from './reachability.ts'
import { readServerPlace, type ServerPlace } from './server-address.ts'
import { CONNECT_TIMEOUT_MS, IDLE_MS, MAX_CONNECTIONS, MAX_WAITING, QUERY_TIMEOUT_MS } from './server-limits.ts'

const USUAL_PORT = 3306
const DUPLICATE = 'ER_DUP_ENTRY'
/** The server is there, and of no use: it ends, has no room, or takes back what it was doing. */
const OUTAGES: ReadonlySet<string> = new Set([
  'ER_SERVER_SHUTDOWN',
  'ER_CON_COUNT_ERROR',
  'ER_OUT_OF_RESOURCES',
  'ER_NORMAL_SHUTDOWN',
  'ER_CONNECTION_KILLED',
])

/** A database on a MySQL or MariaDB server. @throws DatabaseError `unreachable` */
export async function openExternalMysql(
  address: DatabaseServerAddress,
  { log }: { readonly clock: Clock; readonly log: Logger },
): Promise<ExternalDatabase> {
  const place = readServerPlace(address.host, USUAL_PORT)
  let closing: Promise<void> | undefined
  const reachability = createReachability({ shown: place.shown, log })
  const pool = mysql.createPool({
    ...(place.socket === undefined ? { host: place.host, port: place.port } : { socketPath: place.socket }),
    ...(address.user === undefined ? {} : { user: address.user }),
    password: address.password?.reveal() ?? '',
    database: address.name,
    charset: 'utf8mb4',
    connectionLimit: MAX_CONNECTIONS,
    queueLimit: MAX_WAITING,
    connectTimeout: CONNECT_TIMEOUT_MS,
    idleTimeout: IDLE_MS,
    enableKeepAlive: true,
    // A text stays a text, whatever stands in it.
    stringifyObjects: true,
    multipleStatements: false,
  })
  const read = new Kysely<unknown>({
    dialect: new MysqlDialect({ pool: watched(pool, reachability, () => closing !== undefined) }),
  })
  const database: ExternalDatabase = {
    read,
    write: (work) => read.transaction().execute(work),
    isDuplicateKey: (error) => errorCode(error) === DUPLICATE,
    isOutage: (error) => error instanceof DatabaseError,
    close: () => {
      closing ??= read.destroy().then(() => pool.promise().end())
      return closing
    },
  }
  await probe(pool, place, database)
  return database
}

/** The first question, whose failure a person reads: the server's own words say what is wrong. */
async function probe(pool: mysql.Pool, place: ServerPlace, database: ExternalDatabase): Promise<void> {
  try {
    await pool.promise().query({ sql: 'select 1', timeout: QUERY_TIMEOUT_MS })
  } catch (error) {
    await database.close()
    throw new DatabaseError(
      'unreachable',
      `the MySQL or MariaDB database at ${place.shown} cannot be used: ${errorMessage(error)}. Correct db_host, db_user, db_password or db_name in [database], or start the database server`,
      { cause: error },
    )
  }
}

/** A pool that tells outages from faulty statements and throws away connections that were part of an outage. */
function watched(pool: mysql.Pool, reachability: Reachability, isClosed: () => boolean): MysqlPool {
  // The types of the dialect want a connection with an error, too; it looks at the error first.
  const none = undefined as never
  return {
    // Whoever made the pool ends it: the dialect would not when nothing was asked yet.
    end: (done) => done(undefined),
    getConnection(done) {
      if (isClosed()) {
        done(new DatabaseError('closed', 'the database is closed'), none)
        return
      }
      pool.getConnection((error, connection) => {
        if (error) done(reachability.failed(error), none)
        else done(undefined, watchedConnection(connection, reachability))
      })
    },
  }
}

function watchedConnection(connection: mysql.PoolConnection, reachability: Reachability): MysqlPoolConnection {
  let isBroken = false
  type Answer = (error: unknown, result: never) => void
  const query = (sql: string, values: readonly unknown[], done: Answer) =>
    connection.query({ sql, values: [...values], timeout: QUERY_TIMEOUT_MS }, (error, result) => {
      if (!error) {
        reachability.answered()
        done(undefined, result as never)
        return
      }
      if (!isOutage(error)) {
        reachability.answered()
        done(error, undefined as never)
        return
      }
      isBroken = true
      done(reachability.failed(error), undefined as never)
    })
  return {
    config: connection.config,
    threadId: connection.threadId,
    connect: () => undefined,
    destroy: () => connection.destroy(),
    query: query as never,
    release() {
      if (isBroken) connection.destroy()
      else connection.release()
    },
  }
}

/** Errors of the server carry a state of SQL; all others are the driver's, about the line. */
function isOutage(error: mysql.QueryError): boolean {
  return error.fatal === true || error.sqlState === undefined || OUTAGES.has(error.code)
}
