import { apiError, type LoginView } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Actor, Origin } from '../../http/index.ts'
import type { User, UserDirectory } from '../users/index.ts'
import type { Lockout } from './lockout.ts'
import type { SecondFactor } from './second-factor.ts'
import { ENROLMENT_SCOPES, FULL_SCOPES, PENDING_SCOPES } from './session-token.ts'
import type { Sessions } from './sessions.ts'

/** How somebody has proved who they are. */
export type LoginProof = 'password' | 'header' | 'provider'

/** Somebody who has proved who they are. */
export interface Proven {
  /** As stored at this moment. */
  readonly user: User
  readonly proof: LoginProof
  /** Life of the session, unless it is used. */
  readonly lifetimeMs: number
  readonly origin: Origin
  /** The password to be set when the login is whole: half a login must not change it. Absent: none. */
  readonly newPasswordHash?: string
}

/** The second factor of a login that waits for it. */
export interface FactorProof {
  /** As the limited token says. */
  readonly actor: Actor
  /** The name that came with the code. */
  readonly claimedName: string
  readonly code: string
  /** Life of the session, unless it is used. */
  readonly lifetimeMs: number
  readonly origin: Origin
}

/** Lets people in. */
export interface Admission {
  /**
   * @returns what a login answers: a session, or the question for the second factor
   * @throws  ApiError password_expired, two_fa_send_to_missing, two_fa_not_sent, too_many_attempts
   */
  admit(proven: Proven): Promise<LoginView>
  /**
   * The second factor has come. Wrong ones count against name and address.
   * @throws ApiError second_factor_off, unauthorized, too_many_attempts, and those of the factor
   */
  complete(proof: FactorProof): Promise<LoginView>
}

export interface AdmissionDeps {
  readonly directory: Pick<UserDirectory, 'find' | 'update'>
  readonly sessions: Pick<Sessions, 'start' | 'startPending' | 'takePending' | 'end' | 'endAllOf'>
  /** undefined: the first proof is enough. */
  readonly secondFactor: SecondFactor | undefined
  readonly lockout: Lockout
  readonly log: Logger
}

/** A token outlives the window of its factor a little, so that who comes late hears why. */
const GRACE_MS = 60_000

/** The one place where the sessions of people begin, by whatever way they have come. */
export function createAdmission(deps: AdmissionDeps): Admission {
  const { directory, sessions, secondFactor, lockout, log } = deps

  const begin = async (
    { username }: { readonly username: string },
    { lifetimeMs, origin, newPasswordHash = '' }: Pick<Proven, 'lifetimeMs' | 'origin' | 'newPasswordHash'>,
    proof: LoginProof | 'second factor',
  ): Promise<LoginView> => {
    if (newPasswordHash !== '') {
      await directory.update(username, { password: newPasswordHash, passwordExpired: false })
      await sessions.endAllOf(username)
      log.info({ username }, 'password changed at login')
    }
    const token = await sessions.start({ username, scopes: FULL_SCOPES, lifetimeMs, origin })
    log.info({ username, proof, address: origin.address }, 'user logged in')
    return { token, two_fa: null }
  }

  const ask = async (factor: SecondFactor, proven: Proven): Promise<LoginView> => {
    const { user, proof, origin, newPasswordHash = '' } = proven
    const { username } = user
    const due = await factor.dueFor(user)
    const scopes = due.totpKeyStatus === 'pending' ? ENROLMENT_SCOPES : PENDING_SCOPES
    const waiting = { username, scopes, lifetimeMs: factor.windowMs + GRACE_MS, origin, newPasswordHash }
    const { sessionId, token } = await sessions.startPending(waiting)
    try {
      await factor.ask({ sessionId, username, origin }, user.twoFaSendTo)
    } catch (error) {
      await sessions.end(username, sessionId)
      throw error
    }
    log.info({ username, proof, address: origin.address, method: due.deliveryMethod }, 'second factor asked for')
    const { sendTo, deliveryMethod, totpKeyStatus } = due
    return { token, two_fa: { send_to: sendTo, delivery_method: deliveryMethod, totp_key_status: totpKeyStatus } }
  }

  return {
    async admit(proven) {
      const { user, proof } = proven
      // Whoever did not come with a password is kept out, too: an administrator has said that this account must wait.
      if (user.passwordExpired) throw apiError('password_expired')
      // An identity provider has asked for as many factors as it thinks right.
      return secondFactor && proof !== 'provider' ? ask(secondFactor, proven) : begin(user, proven, proof)
    },

    async complete({ actor, claimedName, code, lifetimeMs, origin }) {
      const { username, sessionId } = actor
      if (!secondFactor) throw apiError('second_factor_off')
      if (lockout.isPaused(username, origin.address)) throw apiError('too_many_attempts')
      if (sessionId === undefined) throw apiError('unauthorized')
      const verdict = await secondFactor.judge({ sessionId, username, origin }, claimedName, code)
      if (verdict.kind === 'wrong') {
        if (verdict.counts) lockout.loginFailed(username, origin.address)
        if (verdict.isOver) await sessions.end(username, sessionId)
        throw verdict.error
      }
      const waiting = await sessions.takePending(username, sessionId)
      // Ended by somebody else meanwhile: by a new password, by an administrator.
      if (!waiting) throw apiError('unauthorized')
      lockout.loginSucceeded(username, origin.address)
      return begin({ username }, { lifetimeMs, origin, ...waiting }, 'second factor')
    },
  }
}
