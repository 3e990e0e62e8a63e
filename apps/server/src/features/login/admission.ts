import { apiError, type LoginView } from '@rport/api'
import type { Logger } from '@rport/kit'
import type { Origin } from '../../http/index.ts'
import type { User } from '../users/index.ts'
import { FULL_SCOPES } from './session-token.ts'
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
}

/** Lets people in. */
export interface Admission {
  /** @returns what a login answers. @throws ApiError password_expired */
  admit(proven: Proven): Promise<LoginView>
}

export interface AdmissionDeps {
  readonly sessions: Pick<Sessions, 'start'>
  readonly log: Logger
}

/** The one place where the sessions of people begin, by whatever way they have come. */
export function createAdmission({ sessions, log }: AdmissionDeps): Admission {
  return {
    async admit({ user, proof, lifetimeMs, origin }) {
      const { username } = user
      // Whoever did not come with a password is kept out, too: an administrator has said that this account must wait.
      if (user.passwordExpired) throw apiError('password_expired')
      const token = await sessions.start({ username, scopes: FULL_SCOPES, lifetimeMs, origin })
      log.info({ username, proof, address: origin.address }, 'user logged in')
      return { token, two_fa: null }
    },
  }
}
