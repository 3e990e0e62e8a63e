import { basename, dirname } from 'node:path'
import { type Clock, errorCode, errorMessage, type Logger } from '@rport/kit'
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { DatabaseError } from './database-error.ts'
import type { DatabaseServerAddress, ExternalDatabase } from './external-database.ts'
import { createReachability, type Reachability } from './reachability.ts'
import { readServerPlace, type ServerPlace } from './server-address.ts'
import { CONNECT_TIMEOUT_MS, IDLE_MS, MAX_CONNECTIONS, QUERY_TIMEOUT_MS } from './server-limits.ts'

const USUAL_PORT = 5432
/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNIQUE_VIOLATION = '23505'
/** Connection lost, no resources, shutting down or starting: the server is there, and of no use. */
const OUTAGES = /^(?:08|53|57P|58)/

/** A database on a PostgreSQL server. @throws DatabaseError `unreachable` */
export async function openExternalPostgres(
  address: DatabaseServerAddress,
  { log }: { readonly clock: Clock; readonly log: Logger },
): Promise<ExternalDatabase> {
  const place = readServerPlace(address.host, USUAL_PORT)
  let closing: Promise<void> | undefined
  const reachability = createReachability({ shown: place.shown, log })
  const pool = new pg.Pool({
    ...toPgPlace(place),
    user: address.user,
    password: address.password?.reveal() ?? '',
    database: address.name,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'rportd',
  })
  // An idle connection was cut: the pool has dropped it already, the next question opens another.
  pool.on('error', () => undefined)
  const read = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: watched(pool, reachability, () => closing !== undefined) }),
  })
  const database: ExternalDatabase = {
    read,
    write: (work) => read.transaction().execute(work),
    isDuplicateKey: (error) => errorCode(error) === UNIQUE_VIOLATION,
    isOutage: (error) => error instanceof DatabaseError,
    close: () => {
      closing ??= read.destroy().then(() => pool.end())
      return closing
    },
  }
  await probe(pool, place, database)
  return database
}

/** The driver wants the folder of a socket, and finds its name by the port. */
function toPgPlace(place: ServerPlace): { host: string; port: number } {
  if (place.socket === undefined) return { host: place.host, port: place.port }
  const port = /^\.s\.PGSQL\.(\d{1,5})$/.exec(basename(place.socket))?.[1]
  return port === undefined
    ? { host: place.socket, port: USUAL_PORT }
    : { host: dirname(place.socket), port: Number(port) }
}

/** The first question, whose failure a person reads: PostgreSQL's own words say what is wrong. */
async function probe(pool: pg.Pool, place: ServerPlace, database: ExternalDatabase): Promise<void> {
  try {
    await pool.query('select 1')
  } catch (error) {
    await database.close()
    throw new DatabaseError(
      'unreachable',
      `the PostgreSQL database at ${place.shown} cannot be used: ${errorMessage(error)}. Correct db_host, db_user, db_password or db_name in [database], or start the database server`,
      { cause: error },
    )
  }
}

/** A pool that tells outages from faulty statements and throws away connections that were part of an outage. */
function watched(pool: pg.Pool, reachability: Reachability, isClosed: () => boolean): PostgresPool {
  return {
    options: pool.options,
    // Whoever made the pool ends it: the dialect would not when nothing was asked yet.
    end: async () => undefined,
    async connect() {
      if (isClosed()) throw new DatabaseError('closed', 'the database is closed')
      try {
        return watchedClient(await pool.connect(), reachability)
      } catch (error) {
        throw reachability.failed(error)
      }
    },
  }
}

function watchedClient(client: pg.PoolClient, reachability: Reachability): PostgresPoolClient {
  let isBroken = false
  const query = async (text: string, parameters: readonly unknown[]) => {
    try {
      const result = await client.query(text, [...parameters])
      reachability.answered()
      return result
    } catch (error) {
      if (!isOutage(error)) {
        reachability.answered()
        throw error
      }
      isBroken = true
      throw reachability.failed(error)
    }
  }
  return {
    // Cursors are never asked for: lists are paged with LIMIT.
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(isBroken || destroy === true),
  }
}

/** Errors of the server carry a severity and a code; all others are the driver's, about the line. */
function isOutage(error: unknown): boolean {
  const isServers = typeof (error as { severity?: unknown }).severity === 'string'
  return !isServers || OUTAGES.test(errorCode(error) ?? '')
}
