import { apiError } from '@rport/api'
import { RE2JS } from 're2js'
import type { OAuthConfig } from '../../../config/index.ts'
import { findUsernameFault } from '../../users/index.ts'
import type { Identity } from './identity-provider.ts'

/** The rules over whom a provider knows. */
export interface PermittedUsers {
  /** @throws ApiError sign_on_not_permitted */
  require(identity: Identity): void
  /** Groups of this server; undefined: they are kept here. */
  groupsOf(identity: Identity): string[] | undefined
}

export type PermittedUsersConfig = Pick<OAuthConfig, 'permittedUserMatch' | 'requiredRole' | 'roleGroups'>

/** Longer names are no names. */
const MAX_NAME_CHARS = 250

/** @throws RE2JSSyntaxException for an expression that the configuration should have refused */
export function createPermittedUsers(config: PermittedUsersConfig): PermittedUsers {
  const { permittedUserMatch, requiredRole, roleGroups } = config
  const match = permittedUserMatch === undefined ? undefined : RE2JS.compile(permittedUserMatch)
  return {
    require({ username, roles }) {
      const refuse = (reason: string) => apiError('sign_on_not_permitted', { username: username.slice(0, 100), reason })
      if (username.length > MAX_NAME_CHARS || findUsernameFault(username)) throw refuse('it is no name for a user here')
      if (match && !match.matcher(username).find()) throw refuse('the name is not among those that may')
      if (requiredRole !== undefined && !roles.includes(requiredRole))
        throw refuse(`the role ${requiredRole} is missing`)
    },
    groupsOf({ roles }) {
      if (roleGroups.length === 0) return undefined
      return [...new Set(roleGroups.filter(({ role }) => roles.includes(role)).map(({ group }) => group))]
    },
  }
}
