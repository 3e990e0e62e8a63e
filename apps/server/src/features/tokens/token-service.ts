import { type ApiTokenScope, apiError, tokenScopes } from '@rport/api'
import { type Clock, type Logger, MS_PER_HOUR, MS_PER_MINUTE, toError } from '@rport/kit'
import type { Actor } from '../../http/index.ts'
import { scopeAllows } from './token-scope.ts'
import type { ApiToken, TokenStore } from './token-store.ts'
import { hashTokenSecret, isTokenSecret, makeToken, PREFIX_LENGTH, parseToken } from './token-text.ts'

/** The judgement over a password that may be a token. */
export type TokenVerdict =
  /** It looks like a password, or like a token that nobody has: let it be judged as a password. */
  | { readonly kind: 'no-token' }
  | { readonly kind: 'accepted'; readonly token: ApiToken }
  /** A token of this user, but not good for this request. */
  | { readonly kind: 'out-of-scope' }

/** Personal API tokens. */
export interface TokenService {
  /** Judges what came as the password of `username`. Writes down the use, at most once a minute. */
  judge(username: string, password: string, request: { method: string; path: string }): Promise<TokenVerdict>
  /** The oldest first. */
  listOf(username: string): Promise<ApiToken[]>
  /**
   * @param input.expiresAt  undefined: in one year; an instant of the past is allowed
   * @returns the token in clear text, this once
   * @throws  ApiError token_scope_invalid, token_scope_not_administrator, token_name_…, too_many_tokens
   */
  create(actor: Actor, input: TokenInput): Promise<{ readonly token: ApiToken; readonly text: string }>
  /** Absent facts stay. @throws ApiError token_prefix_invalid, token_not_found, token_name_… */
  update(username: string, prefix: string, change: { name?: string; expiresAt?: number }): Promise<void>
  /** @throws ApiError token_prefix_invalid, token_not_found */
  delete(username: string, prefix: string): Promise<void>
  /** Nothing of a name that ends must be left to whoever takes it next. */
  deleteAllOf(username: string): Promise<void>
}

export interface TokenInput {
  readonly name: string
  readonly scope: string
  readonly expiresAt: number | undefined
}

export interface TokenServiceDeps {
  readonly store: TokenStore
  readonly isAdmin: (actor: Actor) => boolean | Promise<boolean>
  readonly clock: Clock
  readonly log: Logger
}

const YEAR_MS = 365 * 24 * MS_PER_HOUR
const MAX_NAME_BYTES = 249
/** Tokens of one user. */
const MAX_TOKENS = 1000
/** Uses are written down at most so often. */
const WRITE_EVERY_MS = MS_PER_MINUTE
/** Two of 36^8 random prefixes are hardly ever the same. */
const MAX_PREFIX_ATTEMPTS = 5

export function createTokenService({ store, isAdmin, clock, log }: TokenServiceDeps): TokenService {
  const noteUse = async ({ prefix, lastUsedAt = 0 }: ApiToken) => {
    if (lastUsedAt + WRITE_EVERY_MS > clock.now()) return
    // A disk that is full must not end tokens: this use is not shown, that is all.
    await store.touch(prefix, clock.now()).catch((error: unknown) => {
      log.warn({ error: toError(error) }, 'use of an API token was not written down')
    })
  }

  return {
    async judge(username, password, { method, path }) {
      const parts = parseToken(password)
      const token = parts && (await store.find(parts.prefix))
      if (!parts || !token || token.username !== username || token.expiresAt <= clock.now()) return { kind: 'no-token' }
      if (!isTokenSecret(parts.secret, token.secretHash)) return { kind: 'no-token' }
      if (!scopeAllows(token.scope, method, path)) return { kind: 'out-of-scope' }
      await noteUse(token)
      return { kind: 'accepted', token }
    },

    listOf: (username) => store.listOf(username),

    async create(actor, { name, scope: wanted, expiresAt }) {
      const scope = tokenScopes.find((known) => known === wanted)
      if (scope === undefined) throw apiError('token_scope_invalid')
      checkName(name)
      if (scope === 'clients-auth' && !(await isAdmin(actor))) throw apiError('token_scope_not_administrator')
      for (let attempt = 0; attempt < MAX_PREFIX_ATTEMPTS; attempt += 1) {
        const { text, token, secretHash } = newToken(actor.username, { name, scope, expiresAt })
        const conflict = await store.insert({ ...token, secretHash }, MAX_TOKENS)
        if (conflict === 'name-taken') throw apiError('token_name_taken')
        if (conflict === 'too-many') throw apiError('too_many_tokens', { max: MAX_TOKENS })
        if (conflict === 'prefix-taken') continue
        log.info({ username: actor.username, prefix: token.prefix, scope }, 'API token created')
        return { token, text }
      }
      throw new Error('no free token prefix was found')
    },

    async update(username, prefix, change) {
      checkPrefix(prefix)
      if (change.name !== undefined) checkName(change.name)
      const outcome = await store.update(username, prefix, change)
      if (outcome === 'not-found') throw apiError('token_not_found', { prefix })
      if (outcome === 'name-taken') throw apiError('token_name_taken')
      log.info({ username, prefix, fields: Object.keys(change) }, 'API token changed')
    },

    async delete(username, prefix) {
      checkPrefix(prefix)
      if (!(await store.delete(username, prefix))) throw apiError('token_not_found', { prefix })
      log.info({ username, prefix }, 'API token deleted')
    },

    deleteAllOf: (username) => store.deleteOf(username),
  }

  function newToken(username: string, input: { name: string; scope: ApiTokenScope; expiresAt: number | undefined }) {
    const { prefix, secret, text } = makeToken()
    const createdAt = clock.now()
    const expiresAt = input.expiresAt ?? createdAt + YEAR_MS
    const { name, scope } = input
    const token: ApiToken = { prefix, username, name, scope, createdAt, expiresAt, lastUsedAt: undefined }
    return { text, token, secretHash: hashTokenSecret(secret) }
  }
}

function checkName(name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes === 0 || bytes > MAX_NAME_BYTES) throw apiError('token_name_invalid')
}

function checkPrefix(prefix: string): void {
  if (prefix.length !== PREFIX_LENGTH) throw apiError('token_prefix_invalid')
}
