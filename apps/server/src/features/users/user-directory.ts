import type { Permission } from '@rport/api'
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
}

/** What is to become of a user; absent = as it is. */
export interface UserChange {
  readonly username?: string
  /** Already hashed, as `passwordStorage` says. */
  readonly password?: string
  readonly passwordExpired?: boolean
  readonly twoFaSendTo?: string
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
  /**
   * Changes a user as a whole or not at all; a rename takes the groups along.
   * @param ifPassword  change only when this is still what is stored; otherwise nothing happens
   * @throws  ApiError user_not_found, username_taken, single_user_operation
   */
  update(username: string, change: UserChange, ifPassword?: string): Promise<void>
  /** What each of these groups grants. A group without an entry has no details of its own. */
  permissionsOf(groups: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<Permission>>>
}
