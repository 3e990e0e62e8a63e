import { ADMINISTRATORS, apiError } from '@rport/api'
import { errorMessage, type Logger } from '@rport/kit'
import { type Kysely, sql } from 'kysely'
import type { ExternalDatabase } from '../../db/index.ts'
import { classifyStoredPassword } from '../../passwords/index.ts'
import type { User, UserChange, UserDirectory } from './user-directory.ts'
import { createTableUserGroups } from './user-group-store-tables.ts'

export interface TableUsersOptions {
  readonly database: ExternalDatabase
  readonly userTable: string
  readonly groupTable: string
  /** Undefined: groups have no permissions of their own, everybody has all. */
  readonly groupDetailsTable: string | undefined
  /** Whether `two_fa_send_to` is read and written; the column need not exist otherwise. */
  readonly withTwoFaSendTo: boolean
  /** Whether `totp_secret` is; so with it. */
  readonly withTotpSecret: boolean
  readonly log: Logger
}

interface UserRow {
  username: string
  password: string | null
  password_expired: unknown
  two_fa_send_to?: string | null
  totp_secret?: string | null
}

/**
 * Users of the original's tables (`[api] auth_user_table` and its kin), whose schema belongs to somebody else: only the
 * columns that are needed are named. Which rows there are is for administrators to say, and nobody else.
 * @throws naming the table and the columns it should have
 */
export async function openTableUsers(options: TableUsersOptions): Promise<UserDirectory> {
  const { groupDetailsTable, withTwoFaSendTo, withTotpSecret } = options
  const database = oneChangeAtATime(options.database)
  const users = sql.table(options.userTable)
  const memberships = sql.table(options.groupTable)
  const group = sql.ref('group')
  const names = [
    'username, password, password_expired',
    ...(withTwoFaSendTo ? ['two_fa_send_to'] : []),
    ...(withTotpSecret ? ['totp_secret'] : []),
  ].join(', ')
  const columns = sql.raw(names) // names of our own, no input

  /** Letter by letter, whatever the database takes for equal. */
  const findRow = async (db: Kysely<unknown>, username: string): Promise<UserRow | undefined> => {
    // Some databases cannot even be asked for it.
    if (username.includes('\0')) return undefined
    const { rows } = await sql<UserRow>`select ${columns} from ${users} where username = ${username}`.execute(db)
    return rows.find((row) => row.username === username)
  }

  const findMemberships = async (db: Kysely<unknown>, username: string) => {
    const { rows } = await sql<{ username: string; name: string | null }>`
      select username, ${group} as name from ${memberships} where username = ${username}`.execute(db)
    return rows.filter((row) => row.username === username)
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
  await probe(options.userTable, names, sql`select ${columns} from ${users} limit 1`.execute(read))
  await probe(
    options.groupTable,
    'username, group',
    sql`select username, ${group} from ${memberships} limit 1`.execute(read),
  )
  let withRestrictions = false
  if (groupDetailsTable !== undefined) {
    const details = sql.table(groupDetailsTable)
    await probe(
      groupDetailsTable,
      'name, permissions',
      sql`select name, permissions from ${details} limit 1`.execute(read),
    )
    withRestrictions = await sql`select tunnels_restricted, commands_restricted from ${details} limit 1`
      .execute(read)
      .then(() => true)
      .catch(() => false) // columns of the paid plug-in: most tables have none
  }

  /** A database may take names for equal that we do not: its unique key has the last word. */
  const write = async (work: (trx: Kysely<unknown>) => Promise<void>): Promise<void> => {
    try {
      await database.write(work)
    } catch (error) {
      throw database.isDuplicateKey(error) ? apiError('username_taken', {}, { cause: error }) : error
    }
  }

  return {
    source: 'DB',
    passwordStorage: 'bcrypt',
    groupPermissionsEnabled: groupDetailsTable !== undefined,

    async find(username) {
      const row = await findRow(read, username)
      if (!row) return undefined
      const groups = await findMemberships(read, row.username)
      return { ...toUser(row, groups), password: classifyStoredPassword(row.password ?? ''), totpSecret: secretOf(row) }
    },

    async list() {
      const found = await sql<UserRow>`select ${columns} from ${users} order by username`.execute(read)
      const rows = await sql<{ username: string; name: string | null }>`
        select username, ${group} as name from ${memberships}`.execute(read)
      const groups = Map.groupBy(rows.rows, (row) => row.username)
      return found.rows.map((row) => toUser(row, groups.get(row.username) ?? []))
    },

    async create(user) {
      const { username } = user
      await write(async (trx) => {
        // Not left to a unique key: the table may have none.
        if (await findRow(trx, username)) throw apiError('username_taken')
        const values = [
          username,
          user.password,
          user.passwordExpired ? 1 : 0,
          ...(withTwoFaSendTo ? [user.twoFaSendTo] : []),
          ...(withTotpSecret ? [user.totpSecret ?? ''] : []),
        ]
        await sql`insert into ${users} (${columns}) values (${sql.join(values)})`.execute(trx)
        // Memberships that a deleted user left behind are not inherited.
        await setGroups(trx, username, user.groups)
      })
    },

    async update(username, change, ifPassword) {
      await write(async (trx) => {
        const row = await findRow(trx, username)
        if (!row) throw apiError('user_not_found')
        if (ifPassword !== undefined && (row.password ?? '') !== ifPassword) return
        if (change.username !== undefined && change.username !== row.username)
          await rename(trx, row.username, change.username)
        const current = change.username ?? row.username
        if (change.groups && !change.groups.includes(ADMINISTRATORS)) await requireOtherAdministrator(trx, current)
        if (change.groups) await setGroups(trx, current, change.groups)
        await set(trx, current, change)
      })
    },

    async delete(username) {
      await database.write(async (trx) => {
        const row = await findRow(trx, username)
        if (!row) throw apiError('user_not_found')
        await requireOtherAdministrator(trx, row.username)
        await sql`delete from ${memberships} where username = ${row.username}`.execute(trx)
        await sql`delete from ${users} where username = ${row.username}`.execute(trx)
      })
    },

    groups: createTableUserGroups({ ...options, database, withRestrictions }),
  }

  async function rename(trx: Kysely<unknown>, from: string, to: string): Promise<void> {
    // Not left to a unique key: the table may have none.
    if (await findRow(trx, to)) throw apiError('username_taken')
    const { groups } = toUser({ username: to, password: null, password_expired: 0 }, await findMemberships(trx, from))
    await sql`delete from ${memberships} where username = ${from}`.execute(trx)
    await sql`update ${users} set username = ${to} where username = ${from}`.execute(trx)
    // Memberships that a deleted user left behind are not inherited.
    await setGroups(trx, to, groups)
  }

  async function set(trx: Kysely<unknown>, username: string, change: UserChange): Promise<void> {
    const assignments = [
      ...(change.password === undefined ? [] : [sql`password = ${change.password}`]),
      ...(change.passwordExpired === undefined ? [] : [sql`password_expired = ${change.passwordExpired ? 1 : 0}`]),
      ...(change.twoFaSendTo === undefined || !withTwoFaSendTo ? [] : [sql`two_fa_send_to = ${change.twoFaSendTo}`]),
      ...(change.totpSecret === undefined || !withTotpSecret ? [] : [sql`totp_secret = ${change.totpSecret}`]),
    ]
    if (assignments.length === 0) return
    await sql`update ${users} set ${sql.join(assignments)} where username = ${username}`.execute(trx)
  }

  async function setGroups(trx: Kysely<unknown>, username: string, groups: readonly string[]): Promise<void> {
    await sql`delete from ${memberships} where username = ${username}`.execute(trx)
    for (const name of new Set(groups)) {
      await sql`insert into ${memberships} (username, ${group}) values (${username}, ${name})`.execute(trx)
    }
  }

  /** Somebody must be left who can administrate; memberships of users who are gone do not count. */
  async function requireOtherAdministrator(trx: Kysely<unknown>, username: string): Promise<void> {
    const { rows } = await sql<{ username: string; name: string }>`
      select username, ${group} as name from ${memberships} where ${group} = ${ADMINISTRATORS}
      and username in (select username from ${users})`.execute(trx)
    const administrators = new Set(rows.filter((row) => row.name === ADMINISTRATORS).map((row) => row.username))
    if (administrators.size === 1 && administrators.has(username)) throw apiError('last_administrator')
  }
}

const toUser = (row: UserRow, memberships: readonly { readonly name: string | null }[]): User => ({
  username: row.username,
  groups: memberships.flatMap(({ name }) => (name === null || name === '' ? [] : [name])),
  passwordExpired: isTrue(row.password_expired),
  twoFaSendTo: row.two_fa_send_to ?? '',
})

/** compat: the original writes a blank for a secret that was deleted. */
const secretOf = (row: UserRow): string => (row.totp_secret ?? '').trim()

/** SQLite stores whatever it is given: 0 and 1 as documented, but texts and booleans of other programs too. */
const isTrue = (value: unknown): boolean =>
  value === 1 || value === true || value === '1' || String(value).toLowerCase() === 'true'

/** Two administrators who delete each other at the same moment must not both succeed. */
function oneChangeAtATime(database: ExternalDatabase): ExternalDatabase {
  let last: Promise<unknown> = Promise.resolve()
  return {
    ...database,
    write(work) {
      const turn = last.then(() => database.write(work))
      last = turn.catch(() => undefined) // its caller hears of it; the next one must not
      return turn
    },
  }
}
