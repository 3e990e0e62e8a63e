import { errorMessage, MS_PER_MINUTE } from '@rport/kit'
import { type Kysely, sql } from 'kysely'
import type { ExternalDatabase } from '../../db/index.ts'
import { byLetters, type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { isSameSecret } from './same-secret.ts'

export interface TableClientAuthsOptions {
  readonly database: ExternalDatabase
  /** `[server] auth_table` */
  readonly table: string
  /** `[server] auth_write` */
  readonly writable: boolean
}

/** Ids asked for in one question. */
const IDS_AT_ONCE = 500
/** A table that equates `a` and `A` may answer with several rows. */
const SAME_IDS = 20
/** More ids than that are not listed. */
const MAX_LISTED = 200_000

interface Row {
  readonly id: unknown
  readonly password: unknown
}

/**
 * Credentials of the original's table: columns `id` and `password`, clear text. It belongs to somebody else and stays as it
 * is. Some databases equate upper and lower case: ids are compared here once more, letter by letter.
 * @throws naming the table and its columns; DatabaseError
 */
export async function openTableClientAuths(options: TableClientAuthsOptions): Promise<ClientAuthDirectory> {
  const { database, writable } = options
  const { read } = database
  const table = sql.table(options.table)
  const find = async (db: Kysely<unknown>, id: string): Promise<string | undefined> => {
    const query = sql<Row>`select id, password from ${table} where id = ${id} limit ${sql.raw(String(SAME_IDS))}`
    const row = (await query.execute(db)).rows.find((candidate) => toText(candidate.id) === id)
    return row && toText(row.password)
  }
  const existing = async (ids: readonly string[]): Promise<ReadonlySet<string>> => {
    const there = new Set<string>()
    const plausible = ids.filter((id) => isPlausible(id, 'any'))
    for (let from = 0; from < plausible.length; from += IDS_AT_ONCE) {
      const some = plausible.slice(from, from + IDS_AT_ONCE)
      const { rows } = await sql<Row>`select id, password from ${table} where id in (${sql.join(some)})`.execute(read)
      for (const { id, password } of rows) if (isThere(id, password)) there.add(toText(id) ?? '')
    }
    return new Set(plausible.filter((id) => there.has(id)))
  }

  try {
    await sql`select id, password from ${table} limit 1`.execute(read)
  } catch (error) {
    if (database.isOutage(error)) throw error
    const name = JSON.stringify(options.table)
    throw new Error(`table ${name} must have the columns id, password: ${errorMessage(error)}`, { cause: error })
  }
  return {
    source: 'DB',
    mode: writable ? 'Read Write' : 'Read Only',
    recheckMs: MS_PER_MINUTE,
    existing,
    async ids() {
      const { rows } = await sql<Row>`select id, password from ${table} limit ${sql.raw(String(MAX_LISTED))}`.execute(
        read,
      )
      return rows.flatMap(({ id, password }) => (isThere(id, password) ? [toText(id) ?? ''] : [])).sort(byLetters)
    },
    allowsTunnel: async () => true,
    async verify(id, password) {
      if (!isPlausible(id, password)) return false
      const stored = await find(read, id)
      return isSameSecret(password, stored ?? '') && stored !== undefined
    },
    async create(id, password) {
      try {
        return await database.write(async (trx) => {
          // Not left to a unique key: the table may have none.
          const { rows } = await sql`select id from ${table} where id = ${id} limit 1`.execute(trx)
          if (rows.length > 0) return false
          await sql`insert into ${table} (id, password) values (${id}, ${password})`.execute(trx)
          return true
        })
      } catch (error) {
        if (database.isDuplicateKey(error)) return false
        throw error
      }
    },
    delete: (id) =>
      database.write(async (trx) => {
        if (!isPlausible(id, 'any') || (await find(trx, id)) === undefined) return false
        await sql`delete from ${table} where id = ${id}`.execute(trx)
        return true
      }),
  }
}

const isThere = (id: unknown, password: unknown): boolean => isPlausible(toText(id) ?? '', toText(password) ?? '')

/** Columns of binary types arrive as bytes. Numbers and nulls are nobody's password. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined
}
