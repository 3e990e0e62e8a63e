import type { ApiError } from '@rport/api'
import type { Origin } from '../../http/index.ts'
import type { User } from '../users/index.ts'

/** What a login still needs after the password, as the answer to the login says it. */
export interface DueFactor {
  /** Where a code goes; '' = nowhere, the user has an app. */
  readonly sendTo: string
  /** compat: `email`, `pushover`, `script`, `url` or `totp_authenticator_app` */
  readonly deliveryMethod: string
  /** compat: whether the user has set up an app, `exists` or `pending`; '' where no app is used. */
  readonly totpKeyStatus: '' | 'exists' | 'pending'
}

/** A login that waits for its second factor. */
export interface WaitingLogin {
  readonly sessionId: number
  readonly username: string
  readonly origin: Origin
}

/** The judgement over a second factor. */
export type FactorVerdict =
  | { readonly kind: 'right' }
  | {
      readonly kind: 'wrong'
      readonly error: ApiError
      /** Whether it was a guess. */
      readonly counts: boolean
      /** Whether this login has had its guesses: another one is needed. */
      readonly isOver: boolean
    }

/** What comes after the password; written by the feature second-factors. */
export interface SecondFactor {
  /** How long a login waits for it. */
  readonly windowMs: number
  /** What this user needs. @throws ApiError two_fa_send_to_missing */
  dueFor(user: User): Promise<DueFactor>
  /** Asks for it: sends the code, if there is one to send. @throws ApiError two_fa_not_sent, too_many_attempts */
  ask(login: WaitingLogin, sendTo: string): Promise<void>
  /** Judges what came; what was right once is used up. @param claimedName the name that came with it */
  judge(login: WaitingLogin, claimedName: string, code: string): Promise<FactorVerdict>
}
