import type { Secret } from '@rport/kit'
import type { Kysely } from 'kysely'

/**
 * A database that belongs to somebody else and holds users or credentials: the `[database]` of the original. Its schema,
 * settings and permissions stay as they are; tables are named by the configuration.
 */
export interface ExternalDatabase {
  /** Each statement by itself, on whatever connection is free. */
  readonly read: Kysely<unknown>
  /** Runs `work` as one transaction and resolves after its commit. */
  write<T>(work: (trx: Kysely<unknown>) => Promise<T>): Promise<T>
  /** Whether an error says that a key was there already. */
  isDuplicateKey(error: unknown): boolean
  /** Whether an error says that the database cannot be had, as opposed to a statement that is wrong. */
  isOutage(error: unknown): boolean
  /** Finishes the writes that wait, then closes. Idempotent. */
  close(): Promise<void>
}

/** Which database; as `[database]` of the configuration names it. */
export type ExternalDatabaseAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | ({ readonly kind: 'mysql' | 'postgres' } & DatabaseServerAddress)

/** How a database server is reached. */
export interface DatabaseServerAddress {
  /** `host:port`, `host`, or `socket:/path`; undefined: the usual port of this machine. */
  readonly host: string | undefined
  readonly user: string | undefined
  readonly password: Secret | undefined
  /** Name of the database. */
  readonly name: string
}
