/**
 * Who the users of the API are and what their groups allow: four stores behind one directory, permissions, password rules.
 * Not for logging in (features/login) nor for changing one's account (features/me).
 * Start at user-directory.ts, then access-policy.ts.
 */
export { type AccessPolicyOptions, createAccessPolicy, effectivePermissions, type Grants } from './access-policy.ts'
export { checkNewPassword, type PasswordRules } from './password-rules.ts'
export type { StoredUser, User, UserChange, UserDirectory } from './user-directory.ts'
export { createEmbeddedUsers, type EmbeddedUsers, type EmbeddedUsersOptions } from './user-store-embedded.ts'
export { type FileUsersOptions, openFileUsers } from './user-store-file.ts'
export { createStaticUsers } from './user-store-static.ts'
export { openTableUsers, type TableUsersOptions } from './user-store-tables.ts'
