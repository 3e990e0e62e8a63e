import { apiError, type Permission } from '@rport/api'
import { errorMessage, type Logger } from '@rport/kit'
import { type Kysely, sql } from 'kysely'
import type { ExternalDatabase } from '../../db/index.ts'
import { classifyStoredPassword } from '../../passwords/index.ts'
import { noPermissions, parseGroupPermissions } from './group-permissions.ts'
import type { UserChange, UserDirectory } from './user-directory.ts'

export interface TableUsersOptions {
  readonly database: ExternalDatabase
  readonly userTable: string
  readonly groupTable: string
  /** Undefined: groups have no permissions of their own, everybody has all. */
  readonly groupDetailsTable: string | undefined
  /** Whether `two_fa_send_to` is read and written; the column need not exist otherwise. */
  readonly withTwoFaSendTo: boolean
  readonly log: Logger
}

interface UserRow {
  username: string
  password: string | null
  password_expired: unknown
  two_fa_send_to?: string | null
}

/**
 * Users of the original's tables (`[api] auth_user_table` and its kin), whose schema belongs to somebody else: only the
 * columns that are needed are named, and rows are changed only when a user changes his own account.
 * @throws naming the table and the columns it should have
 */
export async function openTableUsers(options: TableUsersOptions): Promise<UserDirectory> {
  const { database, groupDetailsTable, withTwoFaSendTo, log } = options
  const users = sql.table(options.userTable)
  const memberships = sql.table(options.groupTable)
  const group = sql.ref('group')
  const columns = sql.raw(
    `username, password, password_expired${withTwoFaSendTo ? ', two_fa_send_to' : ''}`, // names of our own, no input
  )

  const findRow = async (db: Kysely<unknown>, username: string): Promise<UserRow | undefined> => {
    const { rows } = await sql<UserRow>`select ${columns} from ${users} where username = ${username} limit 1`.execute(
      db,
    )
    return rows[0]
  }

  const probe = async (table: string, names: string, query: Promise<unknown>) => {
    try {
      await query
    } catch (error) {
      throw new Error(`table ${JSON.stringify(table)} must have the columns ${names}: ${errorMessage(error)}`, {
        cause: error,
      })
    }
  }
  const { read } = database
  await probe(
    options.userTable,
    `username, password, password_expired${withTwoFaSendTo ? ', two_fa_send_to' : ''}`,
    sql`select ${columns} from ${users} limit 1`.execute(read),
  )
  await probe(
    options.groupTable,
    'username, group',
    sql`select username, ${group} from ${memberships} limit 1`.execute(read),
  )
  if (groupDetailsTable !== undefined) {
    const query = sql`select name, permissions from ${sql.table(groupDetailsTable)} limit 1`.execute(read)
    await probe(groupDetailsTable, 'name, permissions', query)
  }

  return {
    source: 'DB',
    passwordStorage: 'bcrypt',
    groupPermissionsEnabled: groupDetailsTable !== undefined,

    async find(username) {
      const row = await findRow(read, username)
      if (!row) return undefined
      const groups = await sql<{ name: string | null }>`
        select ${group} as name from ${memberships} where username = ${row.username}`.execute(read)
      return {
        username: row.username,
        groups: groups.rows.flatMap(({ name }) => (name === null || name === '' ? [] : [name])),
        passwordExpired: isTrue(row.password_expired),
        twoFaSendTo: row.two_fa_send_to ?? '',
        password: classifyStoredPassword(row.password ?? ''),
      }
    },

    async update(username, change, ifPassword) {
      await database.write(async (trx) => {
        const row = await findRow(trx, username)
        if (!row) throw apiError('user_not_found')
        if (ifPassword !== undefined && (row.password ?? '') !== ifPassword) return
        if (change.username !== undefined && change.username !== row.username)
          await rename(trx, row.username, change.username)
        await set(trx, change.username ?? row.username, change)
      })
    },

    async permissionsOf(groups) {
      if (groups.length === 0 || groupDetailsTable === undefined) return new Map()
      const { rows } = await sql<{ name: string; permissions: unknown }>`
        select name, permissions from ${sql.table(groupDetailsTable)} where name in (${sql.join([...groups])})`.execute(
        read,
      )
      return new Map(rows.map((row) => [row.name, readPermissions(row.name, row.permissions)]))
    },
  }

  async function rename(trx: Kysely<unknown>, from: string, to: string): Promise<void> {
    // Not left to a unique key: the table may have none.
    if (await findRow(trx, to)) throw apiError('username_taken')
    // Memberships that a deleted user left behind must not be inherited.
    await sql`delete from ${memberships} where username = ${to}`.execute(trx)
    await sql`update ${users} set username = ${to} where username = ${from}`.execute(trx)
    await sql`update ${memberships} set username = ${to} where username = ${from}`.execute(trx)
  }

  async function set(trx: Kysely<unknown>, username: string, change: UserChange): Promise<void> {
    const assignments = [
      ...(change.password === undefined ? [] : [sql`password = ${change.password}`]),
      ...(change.passwordExpired === undefined ? [] : [sql`password_expired = ${change.passwordExpired ? 1 : 0}`]),
      ...(change.twoFaSendTo === undefined || !withTwoFaSendTo ? [] : [sql`two_fa_send_to = ${change.twoFaSendTo}`]),
    ]
    if (assignments.length === 0) return
    await sql`update ${users} set ${sql.join(assignments)} where username = ${username}`.execute(trx)
  }

  function readPermissions(name: string, value: unknown): ReadonlySet<Permission> {
    try {
      const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value
      if (typeof text !== 'string') throw new Error('permissions are no text')
      return parseGroupPermissions(text)
    } catch (error) {
      log.error(
        { group: name, reason: errorMessage(error) },
        'group grants nothing because its permissions cannot be read',
      )
      return noPermissions
    }
  }
}

/** SQLite stores whatever it is given: 0 and 1 as documented, but texts and booleans of other programs too. */
const isTrue = (value: unknown): boolean =>
  value === 1 || value === true || value === '1' || String(value).toLowerCase() === 'true'
