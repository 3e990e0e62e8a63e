import { createRecentMap, type Secret } from '@rport/kit'
import { errors, jwtVerify, SignJWT } from 'jose'

/** What a bearer token may be used for; `*` = any. */
export interface TokenScope {
  readonly uri: string
  readonly method: string
  /** The scope forbids instead of allowing. */
  readonly exclude?: true
}

/** The claims of a bearer token, names and types as the original has them. Its life is the life of its session. */
export interface SessionClaims {
  readonly username: string
  readonly sessionId: number
  readonly scopes: readonly TokenScope[]
  /** Digits; bound to the session, so that a session id alone is worth nothing. */
  readonly jti: string
}

const SECOND_FACTOR = '/api/v1/verify-2fa'

/** Everything but the path of the second factor. */
export const FULL_SCOPES: readonly TokenScope[] = [
  { uri: '*', method: '*' },
  { uri: SECOND_FACTOR, method: '*', exclude: true },
]

/** Nothing but the second factor. */
export const PENDING_SCOPES: readonly TokenScope[] = [{ uri: SECOND_FACTOR, method: 'POST' }]

/** The second factor, and setting it up before. */
export const ENROLMENT_SCOPES: readonly TokenScope[] = [
  ...PENDING_SCOPES,
  { uri: '/api/v1/me/totp-secret', method: 'POST' },
]

/** Whether a token with these scopes is good for a request: one scope allows it and none forbids it. */
export function scopesAllow(scopes: readonly TokenScope[], method: string, path: string): boolean {
  const matching = scopes.filter(
    (scope) => (scope.uri === '*' || scope.uri === path) && (scope.method === '*' || scope.method === method),
  )
  return matching.length > 0 && matching.every((scope) => scope.exclude !== true)
}

export interface SessionTokens {
  sign(claims: SessionClaims): Promise<string>
  /** What is wrong with the token, as the original says it, or its claims. Whether its session lives is not known here. */
  verify(token: string): Promise<{ claims: SessionClaims } | { reason: string }>
}

/** A token of ours is some 300 bytes. */
const MAX_TOKEN_LENGTH = 4096
const ALGORITHM = 'HS256'

/** Tokens whose signature was found right; checking it costs more than the rest of a request. */
const MAX_REMEMBERED = 5000

/** Signs and verifies tokens with HS256 and nothing else. */
export function createSessionTokens(secret: Secret): SessionTokens {
  const key = new TextEncoder().encode(secret.reveal())
  const verified = createRecentMap<SessionClaims>(MAX_REMEMBERED)
  return {
    sign: ({ username, sessionId, scopes, jti }) =>
      new SignJWT({ username, sessionID: sessionId, scopes: [...scopes], jti })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .sign(key),
    async verify(token) {
      const known = verified.get(token)
      if (known) return { claims: known }
      if (token.length > MAX_TOKEN_LENGTH || token.split('.').length !== 3) {
        return { reason: 'token contains an invalid number of segments' }
      }
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: [ALGORITHM] })
        const claims = toClaims(payload)
        if (!claims) return { reason: 'token has unexpected claims' }
        verified.set(token, claims)
        return { claims }
      } catch (error) {
        if (error instanceof errors.JWSSignatureVerificationFailed) return { reason: 'signature is invalid' }
        if (error instanceof errors.JOSEError) return { reason: 'token is malformed' }
        throw error
      }
    },
  }
}

function toClaims(payload: Readonly<Record<string, unknown>>): SessionClaims | undefined {
  const { username, sessionID: sessionId, scopes, jti } = payload
  if (typeof username !== 'string' || typeof jti !== 'string') return undefined
  if (typeof sessionId !== 'number' || !Number.isSafeInteger(sessionId)) return undefined
  if (!Array.isArray(scopes) || !scopes.every(isScope)) return undefined
  return { username, sessionId, scopes, jti }
}

function isScope(value: unknown): value is TokenScope {
  const scope = value as Readonly<Record<string, unknown>> | null
  return (
    typeof scope === 'object' &&
    scope !== null &&
    typeof scope['uri'] === 'string' &&
    typeof scope['method'] === 'string' &&
    (scope['exclude'] === undefined || typeof scope['exclude'] === 'boolean')
  )
}
