import { apiError, type Permission } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { JsonObject } from '@rport/protocol'
import type { Actor } from '../../http/index.ts'
import { type HashAlgorithm, LimiterFull, type Passwords } from '../../passwords/index.ts'
import type { CredentialCheck, Sessions } from '../login/index.ts'
import type { TokenService } from '../tokens/index.ts'
import {
  effectivePermissions,
  type FactorRules,
  findUsernameFault,
  type PasswordRules,
  tunnelAndCommandRestrictions,
  type User,
  type UserChange,
  type UserDirectory,
} from '../users/index.ts'

/** An account as its owner sees it. */
export interface Account {
  readonly user: User
  readonly permissions: ReadonlySet<Permission>
  readonly groupPermissionsEnabled: boolean
  /** Those of the groups that have some; empty: none. */
  readonly tunnelsRestricted: readonly JsonObject[]
  readonly commandsRestricted: readonly JsonObject[]
}

/** What the owner wants to change; absent and empty texts mean: leave it. */
export interface AccountChange {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly oldPassword: string | undefined
  readonly twoFaSendTo: string | undefined
}

/** The own account. */
export interface MeService {
  /** @throws ApiError user_not_found */
  get(actor: Actor): Promise<Account>
  /**
   * Changes name, password or address as a whole or not at all. A new name or password ends every session of the
   * account; a new name removes its API tokens, too.
   * @throws ApiError single_user_operation, user_not_found, old_password_…, username_…, password_…, nothing_to_change,
   *         too_many_attempts
   */
  update(actor: Actor, change: AccountChange): Promise<void>
}

export interface MeServiceDeps {
  readonly directory: UserDirectory
  readonly credentials: CredentialCheck
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordRules: PasswordRules
  readonly sessions: Pick<Sessions, 'endAllOf'>
  readonly apiTokens: Pick<TokenService, 'deleteAllOf'>
  readonly factorRules: FactorRules
  readonly factors: { forget(username: string): Promise<void> }
  /** Where the name `from` stands outside of the account, `to` shall stand; '' = nobody's. */
  readonly passOn: (from: string, to: string) => Promise<void>
  readonly log: Logger
}

export function createMeService(deps: MeServiceDeps): MeService {
  const { directory, credentials, passwords, passwordRules, sessions, apiTokens, factorRules, factors, log } = deps

  const find = async (username: string): Promise<User> => {
    const user = await directory.find(username)
    if (!user) throw apiError('user_not_found')
    return user
  }

  /** Guessing the old password from a borrowed session is guessing a password: the same counts hold. */
  const checkOldPassword = async (actor: Actor, oldPassword: string | undefined) => {
    if (!oldPassword) throw apiError('old_password_missing')
    const verdict = await credentials.check(actor.username, oldPassword, actor.address)
    if (verdict.kind === 'right') return
    throw verdict.error.key === 'unauthorized' ? apiError('old_password_incorrect') : verdict.error
  }

  const checkNewName = async (username: string) => {
    const fault = findUsernameFault(username)
    if (fault) throw fault
    if (await directory.find(username)) throw apiError('username_taken')
  }

  const hash = async (password: string, algorithm: HashAlgorithm): Promise<string> => {
    try {
      return await passwords.hash(password, algorithm)
    } catch (error) {
      throw error instanceof LimiterFull ? apiError('too_many_requests_at_once', {}, { cause: error }) : error
    }
  }

  return {
    async get(actor) {
      const user = await find(actor.username)
      const permissions = await effectivePermissions(directory, user.groups)
      const restrictions = await tunnelAndCommandRestrictions(directory, user.groups)
      return { user, permissions, groupPermissionsEnabled: directory.groupPermissionsEnabled, ...restrictions }
    },

    async update(actor, { username, password, oldPassword, twoFaSendTo }) {
      const { passwordStorage } = directory
      if (passwordStorage === 'configured') throw apiError('single_user_operation')
      const user = await find(actor.username)
      const isRenamed = username !== undefined && username !== '' && username !== user.username
      if (password) await checkOldPassword(actor, oldPassword)
      if (isRenamed) await checkNewName(username)
      const usernames = isRenamed ? [user.username, username] : [user.username]
      if (password) await passwordRules.check({ password, algorithm: passwordStorage, usernames })
      const sendTo = factorRules.keepsSendTo && twoFaSendTo !== user.twoFaSendTo ? (twoFaSendTo ?? '') : ''
      const fault = sendTo === '' ? undefined : await factorRules.sendToFault(sendTo)
      if (fault) throw fault
      const change: UserChange = {
        ...(isRenamed ? { username } : {}),
        ...(password ? { password: await hash(password, passwordStorage), passwordExpired: false } : {}),
        ...(sendTo === '' ? {} : { twoFaSendTo: sendTo }),
      }
      if (Object.keys(change).length === 0) throw apiError('nothing_to_change')
      const endsSessions = isRenamed || Boolean(password)
      // Before, so that no crash leaves sessions of a name that somebody else may take; after, for those begun meanwhile.
      if (endsSessions) await sessions.endAllOf(user.username)
      if (isRenamed) await deps.passOn(username, '')
      await directory.update(user.username, change)
      if (endsSessions) await sessions.endAllOf(user.username)
      if (isRenamed) await apiTokens.deleteAllOf(user.username)
      if (isRenamed) await factors.forget(user.username)
      if (isRenamed) await deps.passOn(user.username, username)
      log.info({ username: user.username, fields: Object.keys(change) }, 'user changed the own account')
    },
  }
}
