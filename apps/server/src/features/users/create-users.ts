import type { Logger } from '@rport/kit'
import type { RouteSet } from '../../http/index.ts'
import type { Passwords } from '../../passwords/index.ts'
import type { FactorRules } from './factor-rules.ts'
import type { PasswordRules } from './password-rules.ts'
import type { UserDirectory } from './user-directory.ts'
import type { UserGroupService } from './user-group-service.ts'
import { type SessionsOfUsers, userRoutes } from './user-routes.ts'
import { createUserService, type UserBelongings, type UserService } from './user-service.ts'

export interface UsersDeps {
  readonly directory: UserDirectory
  readonly groups: UserGroupService
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordRules: PasswordRules
  readonly sessions: SessionsOfUsers
  readonly tokens: { deleteAllOf(username: string): Promise<void> }
  readonly factorRules: FactorRules
  readonly factors: { forget(username: string): Promise<void> }
  readonly passOn: UserBelongings['passOn']
  readonly log: Logger
}

/** The administration of users and their groups, ready to be wired. */
export interface Users {
  readonly service: UserService
  readonly routes: RouteSet
}

export function createUsers(deps: UsersDeps): Users {
  const { groups, sessions, tokens, factors } = deps
  const service = createUserService({
    ...deps,
    belongings: {
      endSessionsOf: sessions.endAllOf,
      deleteTokensOf: tokens.deleteAllOf,
      forgetFactorsOf: factors.forget,
      passOn: deps.passOn,
    },
  })
  return { service, routes: userRoutes({ service, groups, sessions }) }
}
