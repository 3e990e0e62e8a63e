import { ADMINISTRATORS, apiError } from '@rport/api'
import type { Clock, Logger } from '@rport/kit'
import { type Database, isDuplicateKey, type Queries } from '../../db/index.ts'
import { classifyStoredPassword } from '../../passwords/index.ts'
import type { UserDirectory } from './user-directory.ts'
import { createEmbeddedUserGroups } from './user-group-store-embedded.ts'

/** Users of our own tables: what a server uses that was told nothing else. */
export interface EmbeddedUsers extends UserDirectory {
  /** Whether there is nobody yet: a first start. */
  isEmpty(): Promise<boolean>
}

export interface EmbeddedUsersOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  /** Absent: secrets of apps are stored as they are. */
  readonly sealing?: TextSealing
}

/** Keeps texts from whoever reads the database and nothing else. The empty text stays empty. */
export interface TextSealing {
  seal(text: string): string
  /** @throws when the text was sealed with another key */
  open(stored: string): string
}

const unsealed: TextSealing = { seal: (text) => text, open: (stored) => stored }

export function createEmbeddedUsers({ db, clock, log, sealing = unsealed }: EmbeddedUsersOptions): EmbeddedUsers {
  return {
    source: 'DB',
    passwordStorage: 'argon2id',
    groupPermissionsEnabled: true,

    async isEmpty() {
      return (await db.read.selectFrom('users').select('username').limit(1).execute()).length === 0
    },

    async find(username) {
      const row = await db.read.selectFrom('users').selectAll().where('username', '=', username).executeTakeFirst()
      if (!row) return undefined
      const groups = await db.read
        .selectFrom('user_groups')
        .select('group_name')
        .where('username', '=', username)
        .orderBy('group_name')
        .execute()
      return {
        username: row.username,
        groups: groups.map((group) => group.group_name),
        passwordExpired: row.password_expired !== 0,
        twoFaSendTo: row.two_fa_send_to,
        password: classifyStoredPassword(row.password_hash),
        totpSecret: sealing.open(row.totp_secret),
      }
    },

    async list() {
      const rows = await db.read
        .selectFrom('users')
        .select(['username', 'password_expired', 'two_fa_send_to'])
        .orderBy('username')
        .execute()
      const memberships = await db.read.selectFrom('user_groups').selectAll().orderBy('group_name').execute()
      const groups = Map.groupBy(memberships, (row) => row.username)
      return rows.map((row) => ({
        username: row.username,
        groups: (groups.get(row.username) ?? []).map((membership) => membership.group_name),
        passwordExpired: row.password_expired !== 0,
        twoFaSendTo: row.two_fa_send_to,
      }))
    },

    async create(user) {
      const { username, groups } = user
      try {
        await db.write(async (trx) => {
          const row = {
            username,
            password_hash: user.password,
            password_expired: user.passwordExpired ? 1 : 0,
            two_fa_send_to: user.twoFaSendTo,
            totp_secret: sealing.seal(user.totpSecret ?? ''),
            created_at: clock.now(),
          }
          await trx.insertInto('users').values(row).execute()
          await setGroups(trx, username, groups)
        })
      } catch (error) {
        throw isDuplicateKey(error) ? apiError('username_taken') : error
      }
    },

    async update(username, change, ifPassword) {
      const columns = {
        ...(change.username === undefined ? {} : { username: change.username }),
        ...(change.password === undefined ? {} : { password_hash: change.password }),
        ...(change.passwordExpired === undefined ? {} : { password_expired: change.passwordExpired ? 1 : 0 }),
        ...(change.twoFaSendTo === undefined ? {} : { two_fa_send_to: change.twoFaSendTo }),
        ...(change.totpSecret === undefined ? {} : { totp_secret: sealing.seal(change.totpSecret) }),
      }
      if (Object.keys(columns).length === 0 && change.groups === undefined) return
      try {
        await db.write(async (trx) => {
          const row = await trx
            .selectFrom('users')
            .select('password_hash')
            .where('username', '=', username)
            .executeTakeFirst()
          if (!row) throw apiError('user_not_found')
          if (ifPassword !== undefined && row.password_hash !== ifPassword) return
          if (change.groups && !change.groups.includes(ADMINISTRATORS)) await requireOtherAdministrator(trx, username)
          if (change.groups) await setGroups(trx, username, change.groups)
          // Groups follow a rename by the foreign key.
          if (Object.keys(columns).length > 0)
            await trx.updateTable('users').set(columns).where('username', '=', username).execute()
        })
      } catch (error) {
        throw isDuplicateKey(error) ? apiError('username_taken') : error
      }
    },

    async delete(username) {
      await db.write(async (trx) => {
        await requireOtherAdministrator(trx, username)
        // Groups go by the foreign key.
        const { numDeletedRows } = await trx
          .deleteFrom('users')
          .where('username', '=', username)
          .executeTakeFirstOrThrow()
        if (numDeletedRows === 0n) throw apiError('user_not_found')
      })
    },

    groups: createEmbeddedUserGroups({ db, log }),
  }
}

async function setGroups(trx: Queries, username: string, groups: readonly string[]): Promise<void> {
  await trx.deleteFrom('user_groups').where('username', '=', username).execute()
  const rows = [...new Set(groups)].map((group_name) => ({ username, group_name }))
  if (rows.length > 0) await trx.insertInto('user_groups').values(rows).execute()
}

/** Somebody must be left who can administrate. @throws last_administrator */
async function requireOtherAdministrator(trx: Queries, username: string): Promise<void> {
  const administrators = await trx
    .selectFrom('user_groups')
    .select('username')
    .where('group_name', '=', ADMINISTRATORS)
    .execute()
  const [first, ...others] = administrators
  if (first?.username === username && others.length === 0) throw apiError('last_administrator')
}
