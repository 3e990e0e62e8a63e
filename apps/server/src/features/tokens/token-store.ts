import { type ApiTokenScope, tokenScopes } from '@rport/api'
import { type Database, isDuplicateKey } from '../../db/index.ts'

/** An API token without its secret. Instants in milliseconds since 1970. */
export interface ApiToken {
  readonly prefix: string
  readonly username: string
  readonly name: string
  readonly scope: ApiTokenScope
  readonly createdAt: number
  readonly expiresAt: number
  /** To the minute; undefined: never used. */
  readonly lastUsedAt: number | undefined
}

/** A token with what its secret half is held against. */
export interface StoredToken extends ApiToken {
  readonly secretHash: string
}

/** Why a token could not be written. */
export type TokenConflict = 'name-taken' | 'prefix-taken' | 'too-many'

/** Rows of the table `api_tokens`. */
export interface TokenStore {
  find(prefix: string): Promise<StoredToken | undefined>
  /** The tokens of a user, the oldest first. */
  listOf(username: string): Promise<StoredToken[]>
  /** Writes the token unless the user has `max` of them. @returns undefined when it is written */
  insert(token: StoredToken, max: number): Promise<TokenConflict | undefined>
  /** @returns whether the user has such a token, or that he has another one of this name */
  update(
    username: string,
    prefix: string,
    change: { readonly name?: string; readonly expiresAt?: number },
  ): Promise<'done' | 'not-found' | 'name-taken'>
  /** Writes down a use; nothing happens when the token is gone. */
  touch(prefix: string, lastUsedAt: number): Promise<void>
  /** @returns whether the user had such a token */
  delete(username: string, prefix: string): Promise<boolean>
  deleteOf(username: string): Promise<void>
}

export function createTokenStore(db: Database): TokenStore {
  return {
    async find(prefix) {
      const row = await db.read.selectFrom('api_tokens').selectAll().where('prefix', '=', prefix).executeTakeFirst()
      return row && toToken(row)
    },

    async listOf(username) {
      const rows = await db.read
        .selectFrom('api_tokens')
        .selectAll()
        .where('username', '=', username)
        .orderBy('created_at')
        .orderBy('prefix')
        .execute()
      return rows.map(toToken)
    },

    insert: (token, max) =>
      db.write(async (trx) => {
        const rows = await trx.selectFrom('api_tokens').select('name').where('username', '=', token.username).execute()
        if (rows.some((row) => row.name === token.name)) return 'name-taken'
        if (rows.length >= max) return 'too-many'
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('api_tokens')
          .values({
            prefix: token.prefix,
            username: token.username,
            name: token.name,
            scope: token.scope,
            secret_hash: token.secretHash,
            created_at: token.createdAt,
            expires_at: token.expiresAt,
            last_used_at: null,
          })
          .onConflict((conflict) => conflict.column('prefix').doNothing())
          .executeTakeFirstOrThrow()
        return numInsertedOrUpdatedRows === 1n ? undefined : 'prefix-taken'
      }),

    async update(username, prefix, { name, expiresAt }) {
      const columns = {
        ...(name === undefined ? {} : { name }),
        ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      }
      try {
        return await db.write(async (trx) => {
          const row = await trx
            .selectFrom('api_tokens')
            .select('prefix')
            .where('prefix', '=', prefix)
            .where('username', '=', username)
            .executeTakeFirst()
          if (!row) return 'not-found'
          if (Object.keys(columns).length > 0)
            await trx.updateTable('api_tokens').set(columns).where('prefix', '=', prefix).execute()
          return 'done'
        })
      } catch (error) {
        if (isDuplicateKey(error)) return 'name-taken'
        throw error
      }
    },

    async touch(prefix, lastUsedAt) {
      await db.write((trx) =>
        trx.updateTable('api_tokens').set({ last_used_at: lastUsedAt }).where('prefix', '=', prefix).execute(),
      )
    },

    delete: (username, prefix) =>
      db.write(async (trx) => {
        const { numDeletedRows } = await trx
          .deleteFrom('api_tokens')
          .where('prefix', '=', prefix)
          .where('username', '=', username)
          .executeTakeFirstOrThrow()
        return numDeletedRows > 0n
      }),

    deleteOf: (username) =>
      db.write(async (trx) => void (await trx.deleteFrom('api_tokens').where('username', '=', username).execute())),
  }
}

function toToken(row: {
  prefix: string
  username: string
  name: string
  scope: string
  secret_hash: string
  created_at: number
  expires_at: number
  last_used_at: number | null
}): StoredToken {
  return {
    prefix: row.prefix,
    username: row.username,
    name: row.name,
    // A scope that this version does not know must not open more than the least.
    scope: tokenScopes.find((scope) => scope === row.scope) ?? 'read',
    secretHash: row.secret_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at ?? undefined,
  }
}
