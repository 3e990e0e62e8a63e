/** A user of the API. Passwords are stored as argon2id (or an inherited bcrypt hash), never plain. */
export interface UsersTable {
  username: string
  password_hash: string
  /** 0 or 1 */
  password_expired: number
  /** Where codes of the second factor go; '' = nowhere. */
  two_fa_send_to: string
  /** otpauth URL; '' = none. */
  totp_secret: string
  /** Milliseconds since 1970, UTC; so is every column that ends in `_at`. */
  created_at: number
}

/** Membership: one row per user and group. A group needs no row of its own to exist. */
export interface UserGroupsTable {
  username: string
  group_name: string
}

/** What the members of a group may do. */
export interface GroupDetailsTable {
  name: string
  /** JSON object: permission → boolean. */
  permissions: string
  /** JSON, or '' for no restriction. */
  tunnels_restricted: string
  commands_restricted: string
}

/** A login. Ids are random and never used again. */
export interface SessionsTable {
  session_id: number
  /** SHA-256 (base64url) of the token's `jti`: reading this table gives nobody a token. */
  jti_hash: string
  username: string
  created_at: number
  expires_at: number
  last_access_at: number
  user_agent: string
  ip_address: string
  /** 1: the password was right, the second factor is due. */
  is_pending: number
  /** Hash of the password that such a login is to set when the second factor is right; '' = none. */
  new_password_hash: string
}

/** Credentials that agents log in with. */
export interface ClientAuthsTable {
  id: string
  /** See features/clients-auth for the formats. */
  secret_hash: string
  created_at: number
}
