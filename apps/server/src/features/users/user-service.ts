import { ApiError, apiError, throwCollected } from '@rport/api'
import type { Logger } from '@rport/kit'
import { type HashAlgorithm, LimiterFull, type Passwords } from '../../passwords/index.ts'
import type { FactorRules } from './factor-rules.ts'
import type { PasswordRules } from './password-rules.ts'
import type { NewUser, User, UserChange, UserDirectory } from './user-directory.ts'
import { findUsernameFault, requireUserGroupName } from './user-names.ts'

/** What an administrator says about a user; absent: nothing. */
export interface UserInput {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly passwordExpired: boolean | undefined
  readonly groups: readonly string[] | undefined
  readonly twoFaSendTo: string | undefined
  /** otpauth URL of an app that the user has already. */
  readonly totpSecret: string | undefined
}

/** Accounts of people, as administrators change them. */
export interface UserService {
  /** @throws ApiError users_not_changeable */
  list(): Promise<User[]>
  /** @throws ApiError with every fault of the input at once; username_taken */
  create(input: UserInput): Promise<void>
  /**
   * A new name or password, or an expired one, ends every session; a new name removes the API tokens, too.
   * @throws ApiError user_unknown, nothing_to_change, last_administrator, …
   */
  update(username: string, input: UserInput): Promise<void>
  /** Ends sessions and removes API tokens along with the user. @throws ApiError user_unknown, last_administrator */
  delete(username: string): Promise<void>
}

/** What belongs to a user elsewhere and ends with the name. */
export interface UserBelongings {
  endSessionsOf(username: string): Promise<void>
  deleteTokensOf(username: string): Promise<void>
  /** Recovery codes and what is remembered of codes; the app itself is part of the account. */
  forgetFactorsOf(username: string): Promise<void>
  /** Where the name of a user stands, that of `to` shall stand; '' = nobody's. The audit log is left as it is. */
  passOn(from: string, to: string): Promise<void>
}

export interface UserServiceDeps {
  readonly directory: UserDirectory
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordRules: PasswordRules
  readonly belongings: UserBelongings
  readonly factorRules: FactorRules
  readonly log: Logger
}

export function createUserService(deps: UserServiceDeps): UserService {
  const { directory, passwords, passwordRules, belongings, factorRules, log } = deps

  const requireStorage = (): HashAlgorithm => {
    if (directory.passwordStorage === 'configured') throw apiError('users_not_changeable')
    return directory.passwordStorage
  }

  const hash = async (password: string, algorithm: HashAlgorithm): Promise<string> => {
    try {
      return await passwords.hash(password, algorithm)
    } catch (error) {
      throw error instanceof LimiterFull ? apiError('too_many_requests_at_once', {}, { cause: error }) : error
    }
  }

  const sendToFault = async (sendTo: string): Promise<ApiError | undefined> => {
    if (sendTo !== '') return factorRules.sendToFault(sendTo)
    return factorRules.needsSendTo ? apiError('user_two_fa_send_to_required') : undefined
  }

  /** Before a change, so that no crash leaves sessions of a name that somebody else may take; after, for those begun meanwhile. */
  const around = async (usernames: readonly string[], what: { tokens: boolean }, change: () => Promise<void>) => {
    const end = async () => {
      for (const username of usernames) {
        await belongings.endSessionsOf(username)
        if (!what.tokens) continue
        await belongings.deleteTokensOf(username)
        await belongings.forgetFactorsOf(username)
      }
    }
    await end()
    await change()
    await end()
  }

  return {
    list: () => directory.list(),

    async create(input) {
      const algorithm = requireStorage()
      const { username = '', password = '', groups = [], twoFaSendTo = '', totpSecret = '' } = input
      const faults = [
        username === '' ? apiError('user_name_required') : findUsernameFault(username),
        password === ''
          ? apiError('user_password_required')
          : await passwordRules.faultOf({ password, algorithm, usernames: [username] }),
        await sendToFault(twoFaSendTo),
        totpSecret === '' ? undefined : factorRules.totpSecretFault(totpSecret),
      ]
      throwCollected(faults.filter((fault) => fault !== undefined))
      for (const group of groups) requireUserGroupName(group)
      const user: NewUser = {
        username,
        groups,
        passwordExpired: input.passwordExpired ?? false,
        twoFaSendTo,
        totpSecret,
        password: await hash(password, algorithm),
      }
      if (await directory.find(username)) throw apiError('username_taken')
      // What somebody of this name once left behind is not inherited.
      await belongings.passOn(username, '')
      await around([username], { tokens: true }, () => directory.create(user))
      log.info({ username, groups: groups.length }, 'user created')
    },

    async update(username, input) {
      const algorithm = requireStorage()
      const user = await directory.find(username)
      if (!user) throw apiError('user_unknown', { username })
      const { password = '', groups, passwordExpired, twoFaSendTo = '', totpSecret = '' } = input
      const renamed = input.username !== undefined && input.username !== '' && input.username !== username
      const name = renamed ? (input.username ?? username) : username
      const faults = [
        renamed ? findUsernameFault(name) : undefined,
        password === '' ? undefined : await passwordRules.faultOf({ password, algorithm, usernames: [username, name] }),
        factorRules.keepsSendTo && twoFaSendTo !== '' ? await factorRules.sendToFault(twoFaSendTo) : undefined,
        totpSecret === '' ? undefined : factorRules.totpSecretFault(totpSecret),
      ]
      throwCollected(faults.filter((fault) => fault !== undefined))
      for (const group of groups ?? []) requireUserGroupName(group)
      if (renamed && (await directory.find(name))) throw apiError('username_taken')
      const change: UserChange = {
        ...(renamed ? { username: name } : {}),
        // A new password is for the user to use: unless it is said otherwise, it is not expired.
        ...(password === '' ? {} : { password: await hash(password, algorithm), passwordExpired: false }),
        ...(passwordExpired === undefined ? {} : { passwordExpired }),
        ...(groups === undefined ? {} : { groups }),
        ...(factorRules.keepsSendTo && twoFaSendTo !== '' ? { twoFaSendTo } : {}),
        ...(totpSecret === '' ? {} : { totpSecret }),
      }
      if (Object.keys(change).length === 0) throw apiError('nothing_to_change')
      const apply = () => directory.update(username, change).catch((error) => throwUnknown(error, username))
      if (renamed) {
        await belongings.passOn(name, '')
        await around([username, name], { tokens: true }, apply)
        await belongings.passOn(username, name)
      } else if (password !== '' || passwordExpired) await around([username], { tokens: false }, apply)
      else await apply()
      log.info({ username, fields: Object.keys(change) }, 'user changed')
    },

    async delete(username) {
      requireStorage()
      if (!(await directory.find(username))) throw apiError('user_unknown', { username })
      await directory.delete(username).catch((error) => throwUnknown(error, username))
      await belongings.endSessionsOf(username)
      await belongings.deleteTokensOf(username)
      await belongings.forgetFactorsOf(username)
      await belongings.passOn(username, '')
      log.info({ username }, 'user deleted')
    },
  }
}

/** Somebody else has deleted the user meanwhile. */
function throwUnknown(error: unknown, username: string): never {
  const isGone = error instanceof ApiError && error.key === 'user_not_found'
  throw isGone ? apiError('user_unknown', { username }, { cause: error }) : error
}
