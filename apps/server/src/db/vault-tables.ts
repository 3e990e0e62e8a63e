import type { Generated } from 'kysely'

/** How the key of the vault is derived; one row, with id 1, once there is a vault. */
export interface VaultStatusTable {
  id: number
  /** Argon2id: base64 salt, KiB of memory, passes. */
  salt: string
  memory_kib: number
  passes: number
  /** A known text, sealed: opens with the right key only. */
  check_value: string
  /** Milliseconds since 1970, UTC; so is every column that ends in `_at`. */
  created_at: number
}

/** A secret. Everything but `sealed` can be read while the vault is locked. */
export interface VaultValuesTable {
  id: Generated<number>
  /** '' = of no client. */
  client_id: string
  /** '' = for everybody with the permission. */
  required_group: string
  key: string
  type: string
  /** See sealed-value.ts. */
  sealed: string
  created_at: number
  created_by: string
  updated_at: number
  updated_by: string
}
