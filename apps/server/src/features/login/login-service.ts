import { apiError, type LoginView } from '@rport/api'
import { type Logger, toError } from '@rport/kit'
import type { Actor, Origin } from '../../http/index.ts'
import { LimiterFull, needsRehash, type Passwords } from '../../passwords/index.ts'
import type { PasswordRules, StoredUser, UserDirectory } from '../users/index.ts'
import type { Admission } from './admission.ts'
import type { CredentialCheck } from './credential-check.ts'
import type { Lockout } from './lockout.ts'
import { type SessionTokens, scopesAllow } from './session-token.ts'
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

/** What comes as a second factor. */
export interface FactorAttempt {
  /** As the limited token says. */
  readonly actor: Actor
  /** As the body says. */
  readonly username: string
  readonly code: string
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
   * @returns a session, or the question for the second factor
   * @throws  ApiError username_required, unauthorized, too_many_attempts, password_expired, token_lifetime_…, password_…,
   *          single_user_operation, two_fa_…
   */
  logIn(attempt: LoginAttempt): Promise<LoginView>
  /** @throws ApiError unauthorized, password_expired, token_lifetime_…, two_fa_… */
  logInByProxy(attempt: VouchedAttempt): Promise<Arrival>
  /** @throws ApiError username_required, code_required, token_lifetime_…, and as `Admission.complete` */
  proveFactor(attempt: FactorAttempt): Promise<LoginView>
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

const LOGOUT = '/api/v1/logout'

export function createLoginService(deps: LoginServiceDeps): LoginService {
  const { directory, credentials, admission, vouchedUsers, passwords, passwordRules, sessions, tokens, lockout, log } =
    deps

  const hashNewPassword = async (username: string, newPassword: string): Promise<string> => {
    const { passwordStorage } = directory
    if (passwordStorage === 'configured') throw apiError('single_user_operation')
    await passwordRules.check({ password: newPassword, algorithm: passwordStorage, usernames: [username] })
    return passwords.hash(newPassword, passwordStorage).catch(toBusy)
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
      const newPasswordHash = newPassword === '' ? '' : await hashNewPassword(username, newPassword)
      if (newPasswordHash === '') await strengthenStorage(user, password)
      const proven = { user: { ...user, passwordExpired: false }, proof: 'password', lifetimeMs, origin } as const
      return admission.admit({ ...proven, newPasswordHash })
    },

    async proveFactor({ actor, username, code, lifetime, origin }) {
      const missing = username === '' ? 'username_required' : code === '' ? 'code_required' : undefined
      if (missing) {
        lockout.failed(origin.address)
        throw apiError(missing)
      }
      const lifetimeMs = parseTokenLifetime(lifetime)
      return admission.complete({ actor, claimedName: username, code, lifetimeMs, origin })
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
      const { claims } = verdict
      const session = scopesAllow(claims.scopes, 'DELETE', LOGOUT) ? await sessions.use(claims, origin) : undefined
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
