import { randomBytes } from 'node:crypto'
import { ApiError, apiError } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Passwords } from '../../passwords/index.ts'
import type { StoredUser, UserDirectory } from '../users/index.ts'

/** `[api] create_missing_users` and `default_user_group`. */
export interface VouchedUsersConfig {
  readonly createMissing: boolean
  readonly defaultGroup: string
}

/** A user whom a proxy or an identity provider names. */
export interface Vouched {
  readonly username: string
  /** All groups from now on, as the other side says; undefined: they are ours to keep. */
  readonly groups?: readonly string[] | undefined
  /** Whether a user that does not exist may be made; the configuration must allow it, too. */
  readonly mayCreate: boolean
}

/** The accounts of those whom somebody else vouches for. */
export interface VouchedUsers {
  /** @returns the user as stored now, and whether it is new. @throws ApiError unauthorized when there is none */
  admitted(vouched: Vouched): Promise<{ readonly user: StoredUser; readonly isNew: boolean }>
}

export interface VouchedUsersDeps {
  readonly config: VouchedUsersConfig
  readonly directory: Pick<UserDirectory, 'find' | 'create' | 'update' | 'passwordStorage'>
  readonly passwords: Pick<Passwords, 'hash'>
  readonly log: Logger
}

export function createVouchedUsers({ config, directory, passwords, log }: VouchedUsersDeps): VouchedUsers {
  const create = async (username: string, groups: readonly string[]) => {
    const algorithm = directory.passwordStorage
    if (algorithm === 'configured') throw apiError('unauthorized')
    // Nobody knows it: until an administrator sets another one, the way in is the one by which the user came.
    const password = await passwords.hash(randomBytes(32).toString('base64url'), algorithm)
    try {
      await directory.create({ username, groups, password, passwordExpired: false, twoFaSendTo: '' })
      log.info({ username, groups }, 'user made at login')
    } catch (error) {
      // Two logins at once: the other one has made it.
      if (!(error instanceof ApiError && error.key === 'username_taken')) throw error
    }
  }

  const take = async (user: StoredUser, groups: readonly string[]) => {
    if (groups.length === user.groups.length && groups.every((group) => user.groups.includes(group))) return
    try {
      await directory.update(user.username, { groups })
      log.info({ username: user.username, groups, before: user.groups }, 'groups taken over at login')
    } catch (error) {
      if (!(error instanceof ApiError && error.key === 'last_administrator')) throw error
      log.warn({ username: user.username, groups }, 'groups not taken over: nobody would be left to administrate')
    }
  }

  return {
    async admitted({ username, groups, mayCreate }) {
      const known = await directory.find(username)
      if (known) {
        if (groups) await take(known, groups)
      } else if (mayCreate && config.createMissing) {
        await create(username, groups ?? [config.defaultGroup])
      } else {
        log.warn({ username }, 'login refused: there is no such user, and none is to be made')
        throw apiError('unauthorized')
      }
      const user = await directory.find(username)
      if (!user) throw apiError('unauthorized')
      return { user, isNew: !known }
    },
  }
}
