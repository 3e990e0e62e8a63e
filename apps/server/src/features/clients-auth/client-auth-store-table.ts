import { errorMessage } from '@rport/kit'
import { sql } from 'kysely'
import type { ExternalDatabase } from '../../db/index.ts'
import { type ClientAuthDirectory, isPlausible } from './client-auth-directory.ts'
import { isSameSecret } from './same-secret.ts'

export interface TableClientAuthsOptions {
  readonly database: ExternalDatabase
  /** `[server] auth_table` */
  readonly table: string
  /** `[server] auth_write` */
  readonly writable: boolean
}

/**
 * Credentials of the original's table: columns `id` and `password`, clear text. It belongs to somebody else and stays as it is.
 * @throws naming the table and its columns
 */
export async function openTableClientAuths(options: TableClientAuthsOptions): Promise<ClientAuthDirectory> {
  const { database, writable } = options
  const table = sql.table(options.table)
  try {
    await sql`select id, password from ${table} limit 1`.execute(database.read)
  } catch (error) {
    const name = JSON.stringify(options.table)
    throw new Error(`table ${name} must have the columns id, password: ${errorMessage(error)}`, { cause: error })
  }
  return {
    source: 'DB',
    mode: writable ? 'Read Write' : 'Read Only',
    async exists(id) {
      const { rows } = await sql`select id from ${table} where id = ${id} limit 1`.execute(database.read)
      return rows.length > 0
    },
    async verify(id, password) {
      if (!isPlausible(id, password)) return false
      const { rows } = await sql<{ password: string | null }>`
        select password from ${table} where id = ${id} limit 1`.execute(database.read)
      const stored = rows[0]?.password
      return isSameSecret(password, stored ?? '') && typeof stored === 'string'
    },
  }
}
