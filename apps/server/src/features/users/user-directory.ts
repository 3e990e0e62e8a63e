import type { Permission } from '@rport/api'
import type { JsonObject } from '@rport/protocol'
import type { HashAlgorithm, StoredPassword } from '../../passwords/index.ts'

/** A user of the API. */
export interface User {
  readonly username: string
  readonly groups: readonly string[]
  /** Only a login that brings a new password is possible. */
  readonly passwordExpired: boolean
  /** Where codes of the second factor go; '' = nowhere. */
  readonly twoFaSendTo: string
}

/** A user with the secret to check a login against. */
export interface StoredUser extends User {
  readonly password: StoredPassword
  /** otpauth URL of the user's app; '' = none. */
  readonly totpSecret: string
}

/** A user to be stored. */
export interface NewUser extends User {
  /** Already hashed, as `passwordStorage` says; never clear text. */
  readonly password: string
  /** otpauth URL; absent: none. */
  readonly totpSecret?: string
}

/** What is to become of a user; absent = as it is. */
export interface UserChange {
  readonly username?: string
  /** Already hashed, as `passwordStorage` says. */
  readonly password?: string
  readonly passwordExpired?: boolean
  readonly twoFaSendTo?: string
  /** otpauth URL; '' = none from now on. */
  readonly totpSecret?: string
  /** All groups from now on. */
  readonly groups?: readonly string[]
}

/** What the members of a user group may do. */
export interface UserGroup {
  readonly name: string
  readonly permissions: ReadonlySet<Permission>
  /** As checked by `parseTunnelRestriction`; null: none. */
  readonly tunnelsRestricted: JsonObject | null
  readonly commandsRestricted: JsonObject | null
}

/** Where the users of the API are kept. Every store behaves alike; which one it is, is the configuration's choice. */
export interface UserDirectory {
  /** As `/status` names it. */
  readonly source: 'Static Credentials' | 'File' | 'DB'
  /** How new passwords are to be stored; `configured`: they cannot be changed. */
  readonly passwordStorage: HashAlgorithm | 'configured'
  /** Whether groups decide over permissions; otherwise everybody has all of them. */
  readonly groupPermissionsEnabled: boolean
  /** The user of this moment; undefined when there is none. */
  find(username: string): Promise<StoredUser | undefined>
  /** All users, by name. */
  list(): Promise<User[]>
  /** @throws ApiError username_taken, users_not_changeable */
  create(user: NewUser): Promise<void>
  /**
   * Changes a user as a whole or not at all; a rename takes the groups along.
   * @param ifPassword  change only when this is still what is stored; otherwise nothing happens
   * @throws  ApiError user_not_found, username_taken, last_administrator, single_user_operation
   */
  update(username: string, change: UserChange, ifPassword?: string): Promise<void>
  /** @throws ApiError user_not_found, last_administrator, users_not_changeable */
  delete(username: string): Promise<void>
  readonly groups: UserGroupDirectory
  /** Why what is stored is not what counts, for administrators; undefined while all is well. Absent: it always is. */
  problem?(): string | undefined
}

/** The user groups of a directory. Stores without any say so: every method but `detailsOf` throws. */
export interface UserGroupDirectory {
  /** What these groups grant, for those that have details of their own. */
  detailsOf(names: readonly string[]): Promise<ReadonlyMap<string, UserGroup>>
  /**
   * Groups with details by name, then names that only occur in memberships.
   * @throws ApiError user_groups_of_configuration, user_groups_of_file
   */
  list(): Promise<{ readonly detailed: readonly UserGroup[]; readonly others: readonly string[] }>
  /**
   * Creates or replaces the details of a group.
   * @throws ApiError users_not_changeable, user_groups_of_file, user_group_details_missing, restrictions_not_storable
   */
  save(group: UserGroup): Promise<void>
  /**
   * Deletes details and memberships; a group that does not exist is deleted already.
   * @throws ApiError as `save`, and last_administrator
   */
  delete(name: string): Promise<void>
}
