/**
 * Who the users of the API are and what their groups allow: four stores behind one directory, permissions, restrictions,
 * password rules, and the administration of all that.
 * Not for logging in (features/login) nor for changing one's account (features/me).
 * Start at user-directory.ts, then access-policy.ts and user-service.ts.
 */
export {
  type AccessPolicyOptions,
  createAccessPolicy,
  effectivePermissions,
  type Grants,
  tunnelAndCommandRestrictions,
} from './access-policy.ts'
export { createUsers, type Users, type UsersDeps } from './create-users.ts'
export type { FactorRules } from './factor-rules.ts'
export { toPermissionsView } from './group-view.ts'
export {
  createPasswordRules,
  type NewPassword,
  type PasswordRules,
  type PasswordRulesOptions,
} from './password-rules.ts'
export { createTunnelPolicy, type TunnelPolicy } from './tunnel-policy.ts'
export type { NewUser, StoredUser, User, UserChange, UserDirectory, UserGroup } from './user-directory.ts'
export { createUserGroupService, type UserGroupService } from './user-group-service.ts'
export { findUsernameFault } from './user-names.ts'
export { createUserService, type UserInput, type UserService } from './user-service.ts'

export {
  createEmbeddedUsers,
  type EmbeddedUsers,
  type EmbeddedUsersOptions,
  type TextSealing,
} from './user-store-embedded.ts'
export { type FileUsersOptions, openFileUsers } from './user-store-file.ts'
export { createStaticUsers } from './user-store-static.ts'
export { openTableUsers, type TableUsersOptions } from './user-store-tables.ts'
