import type { Clock, Logger, Secret } from '@rport/kit'
import type { Stores } from './compose-stores.ts'
import type { ServerConfig } from './config/index.ts'
import { createLogin, type Lockout } from './features/login/index.ts'
import { createMeService } from './features/me/index.ts'
import { type CodeDelivery, createSecondFactors } from './features/second-factors/index.ts'
import { createTokens } from './features/tokens/index.ts'
import { createPasswordRules, createUsers, type UserGroupService } from './features/users/index.ts'
import type { Actor } from './http/index.ts'
import type { Passwords } from './passwords/index.ts'

export interface PeopleDeps {
  readonly stores: Stores
  readonly passwords: Passwords
  readonly jwtSecret: Secret
  /** How codes of second factors are sent; undefined: none are. */
  readonly codeDelivery: CodeDelivery | undefined
  readonly clock: Clock
  readonly log: Logger
}

/** What people need of the rest of the server. */
interface PeopleNeeds {
  isAdmin(actor: Actor): boolean | Promise<boolean>
  readonly userGroups: UserGroupService
  /** Counts failed logins and wrong codes at the API. */
  readonly lockout: Lockout
  /** Gives what is in one user's name to another name, or to nobody. */
  passOn(from: string, to: string): Promise<void>
}

/** Who may come in, and as whom: passwords, second factors, tokens, logins, and the care of users and of one's own account. */
export function composePeople(config: ServerConfig, deps: PeopleDeps, needs: PeopleNeeds) {
  const { clock, log, stores, passwords } = deps
  const { db, users } = stores
  const { isAdmin, userGroups, lockout, passOn } = needs
  const secondFactors = createSecondFactors({
    config: { ...config.users.twoFactor, totp: config.users.totp },
    db,
    directory: users,
    delivery: deps.codeDelivery,
    key: deps.jwtSecret,
    sealing: stores.sealing,
    clock,
    log,
  })
  const passwordRules = createPasswordRules({
    minLength: config.users.passwordMinLength,
    minScore: config.users.passwordMinScore,
  })
  const tokens = createTokens({ db, isAdmin, clock, log })
  const login = createLogin({
    db,
    directory: users,
    passwords,
    passwordRules,
    lockout,
    apiTokens: tokens.service,
    jwtSecret: deps.jwtSecret,
    secondFactor: secondFactors.ofLogins,
    maxTokenLifetimeHours: config.users.maxTokenLifetimeHours,
    headerLogin: config.users.headerLogin,
    signOn: config.oauth,
    vouchedUsers: { createMissing: config.users.createMissingUsers, defaultGroup: config.users.defaultUserGroup },
    clock,
    log,
  })
  const account = createMeService({
    directory: users,
    passwords,
    passwordRules,
    credentials: login.credentials,
    sessions: login.sessions,
    apiTokens: tokens.service,
    factorRules: secondFactors.rules,
    factors: secondFactors,
    passOn,
    log,
  })
  const userAdministration = createUsers({
    directory: users,
    groups: userGroups,
    passwords,
    passwordRules,
    sessions: login.sessions,
    tokens: tokens.service,
    factorRules: secondFactors.rules,
    factors: secondFactors,
    passOn,
    log,
  })
  return { secondFactors, tokens, login, account, userAdministration }
}
