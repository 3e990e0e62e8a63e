import { apiError, type Permission } from '@rport/api'
import { type Clock, errorMessage, type Logger } from '@rport/kit'
import { type Database, isDuplicateKey } from '../../db/index.ts'
import { classifyStoredPassword } from '../../passwords/index.ts'
import { noPermissions, parseGroupPermissions } from './group-permissions.ts'
import type { User, UserDirectory } from './user-directory.ts'

/** Users of our own tables: what a server uses that was told nothing else. */
export interface EmbeddedUsers extends UserDirectory {
  /** Whether there is nobody yet: a first start. */
  isEmpty(): Promise<boolean>
  /**
   * @param user.password  an argon2id hash, or an inherited bcrypt hash; never clear text
   * @throws ApiError username_taken
   */
  create(user: User & { readonly password: string }): Promise<void>
}

export interface EmbeddedUsersOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
}

export function createEmbeddedUsers({ db, clock, log }: EmbeddedUsersOptions): EmbeddedUsers {
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
      }
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
            totp_secret: '',
            created_at: clock.now(),
          }
          await trx.insertInto('users').values(row).execute()
          const memberships = groups.map((group_name) => ({ username, group_name }))
          if (memberships.length > 0) await trx.insertInto('user_groups').values(memberships).execute()
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
      }
      if (Object.keys(columns).length === 0) return
      try {
        await db.write(async (trx) => {
          const row = await trx
            .selectFrom('users')
            .select('password_hash')
            .where('username', '=', username)
            .executeTakeFirst()
          if (!row) throw apiError('user_not_found')
          if (ifPassword !== undefined && row.password_hash !== ifPassword) return
          // Groups follow a rename by the foreign key.
          await trx.updateTable('users').set(columns).where('username', '=', username).execute()
        })
      } catch (error) {
        throw isDuplicateKey(error) ? apiError('username_taken') : error
      }
    },

    async permissionsOf(groups) {
      if (groups.length === 0) return new Map()
      const rows = await db.read
        .selectFrom('group_details')
        .select(['name', 'permissions'])
        .where('name', 'in', [...groups])
        .execute()
      return new Map(rows.map((row) => [row.name, readPermissions(row.name, row.permissions)]))
    },
  }

  function readPermissions(group: string, text: string): ReadonlySet<Permission> {
    try {
      return parseGroupPermissions(text)
    } catch (error) {
      log.error({ group, reason: errorMessage(error) }, 'group grants nothing because its permissions cannot be read')
      return noPermissions
    }
  }
}
