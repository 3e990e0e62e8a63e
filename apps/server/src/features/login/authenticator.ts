import { type ApiError, apiError } from '@rport/api'
import type { Authenticator, AuthOutcome } from '../../http/index.ts'
import type { TokenService } from '../tokens/index.ts'
import type { UserDirectory } from '../users/index.ts'
import type { CredentialCheck } from './credential-check.ts'
import type { Lockout } from './lockout.ts'
import { ENROLMENT_SCOPES, FULL_SCOPES, type SessionTokens, scopesAllow } from './session-token.ts'
import type { Sessions } from './sessions.ts'

export interface AuthenticatorDeps {
  readonly directory: Pick<UserDirectory, 'find'>
  readonly credentials: CredentialCheck
  readonly sessions: Pick<Sessions, 'use' | 'endAllOf'>
  readonly tokens: Pick<SessionTokens, 'verify'>
  /** Tokens that programs send as a password. */
  readonly apiTokens: Pick<TokenService, 'judge'>
  readonly lockout: Lockout
  /** False: after the password comes a second factor, or an identity provider logs users in: it opens nothing by itself. */
  readonly passwordIsEnough: boolean
}

const refused = (error: ApiError): AuthOutcome => ({ kind: 'refused', error })

/**
 * Judges the credentials of requests. Groups are those of this moment: losing one counts at the next request.
 * A token that has ended counts neither against its user nor its address: a page that was left open is no attack.
 */
export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { directory, credentials, sessions, tokens, apiTokens, lockout, passwordIsEnough } = deps
  return {
    async basic(name, password, { origin, method, path }) {
      const token = await apiTokens.judge(name, password, { method, path })
      if (token.kind === 'out-of-scope') return refused(apiError('token_scope_denied'))
      if (token.kind === 'accepted') {
        const user = await directory.find(name)
        if (!user) return refused(apiError('unauthorized'))
        if (user.passwordExpired) return refused(apiError('password_expired'))
        const actor = { username: user.username, groups: user.groups, address: origin.address }
        return { kind: 'actor', actor: { ...actor, proof: 'token' } }
      }
      if (!passwordIsEnough) {
        if (lockout.isPaused(name, origin.address)) return refused(apiError('too_many_attempts'))
        lockout.loginFailed(name, origin.address)
        return refused(apiError('unauthorized'))
      }
      const verdict = await credentials.check(name, password, origin.address)
      if (verdict.kind === 'wrong') return refused(verdict.error)
      const { username, groups, passwordExpired } = verdict.user
      if (passwordExpired) return refused(apiError('password_expired'))
      return { kind: 'actor', actor: { username, groups, proof: 'password', address: origin.address } }
    },

    async bearer(token, { origin, method, path }) {
      const verdict = await tokens.verify(token)
      if (!('claims' in verdict)) return refused(apiError('unauthorized', {}, { cause: verdict.reason }))
      const { claims } = verdict
      if (!scopesAllow(claims.scopes, method, path)) return refused(apiError('unauthorized'))
      const session = await sessions.use(claims, origin)
      if (!session) return refused(apiError('unauthorized'))
      // Whatever its token says: a login that waits is good for the second factor, and no other login is.
      if (!scopesAllow(session.isPending ? ENROLMENT_SCOPES : FULL_SCOPES, method, path)) {
        return refused(apiError('unauthorized'))
      }
      const user = await directory.find(claims.username)
      // A login that waits with an expired password has brought a new one.
      if (!user || (user.passwordExpired && !session.isPending)) {
        await sessions.endAllOf(claims.username)
        return refused(apiError(user ? 'password_expired' : 'user_gone'))
      }
      const { sessionId } = session
      const actor = { username: user.username, groups: user.groups, address: origin.address, sessionId }
      return { kind: 'actor', actor: { ...actor, proof: 'session' } }
    },

    async anonymous({ origin }) {
      if (lockout.isPaused('', origin.address)) return refused(apiError('too_many_attempts'))
      lockout.loginFailed('', origin.address)
      return refused(apiError('unauthorized'))
    },
  }
}
