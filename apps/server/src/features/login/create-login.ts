import type { Clock, Logger, Secret } from '@rport/kit'
import type { OAuthConfig } from '../../config/index.ts'
import type { Database } from '../../db/index.ts'
import type { Authenticator, RouteSet } from '../../http/index.ts'
import type { Passwords } from '../../passwords/index.ts'
import type { TokenService } from '../tokens/index.ts'
import type { PasswordRules, UserDirectory } from '../users/index.ts'
import { createAdmission } from './admission.ts'
import { createAuthenticator } from './authenticator.ts'
import { type CredentialCheck, createCredentialCheck } from './credential-check.ts'
import { createHeaderLogin, type HeaderLoginConfig } from './header-login.ts'
import type { Lockout } from './lockout.ts'
import { loginRoutes } from './login-routes.ts'
import { createLoginService } from './login-service.ts'
import type { SecondFactor } from './second-factor.ts'
import { createSessionStore } from './session-store.ts'
import { createSessionTokens } from './session-token.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createSignOn } from './sign-on/index.ts'
import { createVouchedUsers, type VouchedUsersConfig } from './vouched-users.ts'

export interface LoginDeps {
  readonly db: Database
  readonly directory: UserDirectory
  readonly passwords: Passwords
  readonly passwordRules: PasswordRules
  /** The API's own; the agents' listener has another one. */
  readonly lockout: Lockout
  readonly apiTokens: Pick<TokenService, 'judge'>
  readonly jwtSecret: Secret
  /** What comes after the password; undefined: nothing. */
  readonly secondFactor: SecondFactor | undefined
  /** Published only; 0 = not set. */
  readonly maxTokenLifetimeHours: number
  /** Undefined: no proxy is believed. */
  readonly headerLogin: HeaderLoginConfig | undefined
  readonly vouchedUsers: VouchedUsersConfig
  /** Undefined: users log in with passwords. */
  readonly signOn: OAuthConfig | undefined
  readonly clock: Clock
  readonly log: Logger
}

export interface Login {
  readonly authenticator: Authenticator
  readonly credentials: CredentialCheck
  readonly sessions: Sessions
  readonly routes: RouteSet
  /** Writes down the last uses of sessions; before the database is closed. Idempotent. */
  close(): Promise<void>
}

/** Wires the parts of logging in. Starts the hourly cleaning of sessions; `close` ends it. */
export function createLogin(deps: LoginDeps): Login {
  const { db, directory, passwords, lockout, secondFactor, clock, log } = deps
  const passwordIsEnough = secondFactor === undefined && deps.signOn === undefined
  const tokens = createSessionTokens(deps.jwtSecret)
  const sessions = createSessions({ store: createSessionStore(db), tokens, clock, log })
  const admission = createAdmission({ directory, sessions, secondFactor, lockout, log })
  const credentials = createCredentialCheck({ directory, passwords, lockout, passwordIsEnough })
  const vouchedUsers = createVouchedUsers({ config: deps.vouchedUsers, directory, passwords, log })
  const service = createLoginService({ ...deps, credentials, admission, vouchedUsers, sessions, tokens })
  const signOnRoutes = createSignOn({
    config: deps.signOn,
    secret: deps.jwtSecret,
    vouchedUsers,
    admission,
    lockout,
    clock,
    log,
  })
  const headerLogin = createHeaderLogin(deps.headerLogin, { log })
  return {
    authenticator: createAuthenticator({
      directory,
      credentials,
      sessions,
      tokens,
      apiTokens: deps.apiTokens,
      lockout,
      passwordIsEnough,
    }),
    credentials,
    sessions,
    routes: [
      ...loginRoutes({
        service,
        headerLogin,
        providerName: deps.signOn?.provider,
        maxTokenLifetimeHours: deps.maxTokenLifetimeHours,
      }),
      ...signOnRoutes,
    ],
    close: () => sessions.close(),
  }
}
