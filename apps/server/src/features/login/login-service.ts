import { apiError, type LoginView } from '@rport/api'
import { type Logger, toError } from '@rport/kit'
import type { Origin } from '../../http/index.ts'
import { LimiterFull, needsRehash, type Passwords } from '../../passwords/index.ts'
import type { PasswordRules, StoredUser, UserDirectory } from '../users/index.ts'
import type { Admission } from './admission.ts'
import type { CredentialCheck } from './credential-check.ts'
import type { Lockout } from './lockout.ts'
import type { SessionTokens } from './session-token.ts'
import type { Sessions } from './sessions.ts'
import { parseTokenLifetime } from './token-lifetime.ts'
import type { VouchedUsers } from './vouched-users.ts'

/** What somebody logs in with. */
export interface LoginAttempt {
  readonly username: string
  readonly password: string
  /** Replaces the password once the old one was accepted; '' = stays. */
  readonly newPassword: string
  /** `token-lifetime` as sent. */
  readonly lifetime: string | undefined
  readonly origin: Origin
}

/** Somebody for whom a trusted reverse proxy vouches. */
export interface VouchedAttempt {
  readonly username: string
  /** `token-lifetime` as sent. */
  readonly lifetime: string | undefined
  readonly origin: Origin
}

/** A login, and whether its user was made by it. */
export interface Arrival {
  readonly username: string
  readonly isNew: boolean
  readonly view: LoginView
}

/** Logging in and out. */
export interface LoginService {
  /**
   * @throws ApiError username_required, unauthorized, too_many_attempts, password_expired, token_lifetime_…, password_…,
   *         single_user_operation
   */
  logIn(attempt: LoginAttempt): Promise<LoginView>
  /** @throws ApiError unauthorized, password_expired, token_lifetime_… */
  logInByProxy(attempt: VouchedAttempt): Promise<Arrival>
  /** Counts a call without credentials. @throws ApiError auth_required, always */
  refuseWithoutCredentials(origin: Origin): never
  /** Ends the session of the token. @returns whose it was. @throws ApiError token_invalid, token_invalid_or_expired */
  logOut(token: string, origin: Origin): Promise<string>
}

export interface LoginServiceDeps {
  readonly directory: UserDirectory
  readonly credentials: CredentialCheck
  readonly admission: Admission
  readonly vouchedUsers: VouchedUsers
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordRules: PasswordRules
  readonly sessions: Sessions
  readonly tokens: Pick<SessionTokens, 'verify'>
  readonly lockout: Lockout
  readonly log: Logger
}

export function createLoginService(deps: LoginServiceDeps): LoginService {
  const { directory, credentials, admission, vouchedUsers, passwords, passwordRules, sessions, tokens, lockout, log } =
    deps

  const replacePassword = async (user: StoredUser, newPassword: string) => {
    const { passwordStorage } = directory
    if (passwordStorage === 'configured') throw apiError('single_user_operation')
    await passwordRules.check({ password: newPassword, algorithm: passwordStorage, usernames: [user.username] })
    const password = await passwords.hash(newPassword, passwordStorage)
    await directory.update(user.username, { password, passwordExpired: false })
    await sessions.endAllOf(user.username)
    log.info({ username: user.username }, 'password changed at login')
  }

  /** Now that the password is known, it is stored as it should be; a login does not fail for it. */
  const strengthenStorage = async (user: StoredUser, password: string) => {
    const { passwordStorage } = directory
    if (passwordStorage === 'configured' || !needsRehash(user.password, passwordStorage)) return
    try {
      await directory.update(
        user.username,
        { password: await passwords.hash(password, passwordStorage) },
        user.password.text,
      )
      log.info({ username: user.username, from: user.password.kind, to: passwordStorage }, 'password stored anew')
    } catch (error) {
      log.warn({ username: user.username, error: toError(error) }, 'password could not be stored anew')
    }
  }

  return {
    async logIn({ username, password, newPassword, lifetime, origin }) {
      if (username === '') {
        lockout.failed(origin.address)
        throw apiError('username_required')
      }
      const verdict = await credentials.check(username, password, origin.address)
      if (verdict.kind === 'wrong') throw verdict.error
      const { user } = verdict
      if (user.passwordExpired && newPassword === '') throw apiError('password_expired')
      // Judged before anything is changed: a refused login changes nothing.
      const lifetimeMs = parseTokenLifetime(lifetime)
      if (newPassword === '') await strengthenStorage(user, password)
      else await replacePassword(user, newPassword).catch(toBusy)
      return admission.admit({ user: { ...user, passwordExpired: false }, proof: 'password', lifetimeMs, origin })
    },

    async logInByProxy({ username, lifetime, origin }) {
      const lifetimeMs = parseTokenLifetime(lifetime)
      const { user, isNew } = await vouchedUsers.admitted({ username, mayCreate: true })
      const view = await admission.admit({ user, proof: 'header', lifetimeMs, origin })
      return { username: user.username, isNew, view }
    },

    refuseWithoutCredentials(origin) {
      lockout.failed(origin.address)
      throw apiError('auth_required')
    },

    async logOut(token, origin) {
      const verdict = await tokens.verify(token)
      if (!('claims' in verdict)) throw apiError('token_invalid', { reason: verdict.reason })
      const session = await sessions.use(verdict.claims, origin)
      if (!session || !(await sessions.end(session.username, session.sessionId))) {
        throw apiError('token_invalid_or_expired')
      }
      log.info({ username: session.username, address: origin.address }, 'user logged out')
      return session.username
    },
  }
}

function toBusy(error: unknown): never {
  throw error instanceof LimiterFull ? apiError('too_many_requests_at_once', {}, { cause: error }) : error
}
