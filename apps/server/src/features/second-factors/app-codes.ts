import { apiError } from '@rport/api'
import type { Clock, Logger } from '@rport/kit'
import type { FactorVerdict, SecondFactor, WaitingLogin } from '../login/index.ts'
import type { TextSealing, UserDirectory } from '../users/index.ts'
import type { FactorStore, FactorWait, Proof, Redemption } from './factor-store.ts'
import type { Guesses } from './guesses.ts'
import { hashOfRecoveryCode } from './recovery-codes.ts'
import { hashOfApp, parseAppUrl } from './totp.ts'

export interface AppCodesDeps {
  readonly directory: Pick<UserDirectory, 'find' | 'update'>
  readonly store: FactorStore
  readonly guesses: Guesses
  /** For apps that are being set up. */
  readonly sealing: TextSealing
  /** How long a login waits for a code. */
  readonly windowMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** A second factor that an app of the user counts out (TOTP, RFC 6238), or one of the user's recovery codes. */
export interface AppCodes extends SecondFactor {
  /** The first code of an app that a session sets up: from now on the app counts. */
  confirm(session: WaitingLogin, code: string): Promise<FactorVerdict>
}

export function createAppCodes(deps: AppCodesDeps): AppCodes {
  const { directory, store, guesses, sealing, windowMs, clock, log } = deps

  const urlOf = async (username: string): Promise<string> => (await directory.find(username))?.totpSecret ?? ''

  /** @param url  of the app that counts; '' = the one that this session sets up, if there is one */
  const proofOf = (url: string, wait: FactorWait, code: string): Proof | undefined => {
    const step = parseAppUrl(url || sealing.open(wait.totpSecret))?.stepOf(code, clock.now())
    if (step !== undefined) return { kind: 'step', step }
    const codeHash = url === '' ? undefined : hashOfRecoveryCode(code)
    return codeHash === undefined ? undefined : { kind: 'recovery', secretHash: hashOfApp(url), codeHash }
  }

  const redeem = async (url: string, { sessionId, username, origin }: WaitingLogin, code: string) => {
    const { address } = origin
    if (guesses.isHeld(username, address)) return wrong('too_many_attempts', { counts: false })
    if (url !== '' && !parseAppUrl(url)) log.error({ username }, 'stored TOTP secret cannot be read: no code counts')
    const attempt = await store.redeem(sessionId, clock.now(), (wait) => proofOf(url, wait, code.replaceAll(/\s/g, '')))
    if (attempt.kind !== 'right') {
      const isGuess = attempt.kind === 'wrong' || attempt.kind === 'over'
      if (isGuess) guesses.wrong(username, address)
      return wrong(FAULTS[attempt.kind], { counts: isGuess, isOver: attempt.kind === 'over' })
    }
    if (url === '') await settle(username, attempt.wait)
    if (attempt.proof.kind === 'recovery') {
      const left = await store.countRecoveryCodes(username, attempt.proof.secretHash)
      log.warn({ username, address, left }, 'recovery code used')
    }
    guesses.right(username, address)
    return { kind: 'right' } as const
  }

  const settle = async (username: string, wait: FactorWait) => {
    await directory.update(username, { totpSecret: sealing.open(wait.totpSecret) })
    log.info({ username }, 'authenticator app confirmed')
  }

  return {
    windowMs,

    async dueFor({ username }) {
      const totpKeyStatus = (await urlOf(username)) === '' ? 'pending' : 'exists'
      return { sendTo: '', deliveryMethod: 'totp_authenticator_app', totpKeyStatus }
    },

    async ask({ sessionId, username }) {
      const now = clock.now()
      await store.await({ sessionId, username, codeHash: '', totpSecret: '', expiresAt: now + windowMs }, now)
    },

    async judge(login, _claimedName, code) {
      const url = await urlOf(login.username)
      // A login whose user has no app yet must set one up first; until then no code is a guess.
      const wait = url === '' ? await store.find(login.sessionId) : undefined
      if (wait?.totpSecret === '') return wrong('totp_secret_required', { counts: false })
      return redeem(url, login, code)
    },

    async confirm(session, code) {
      const wait = await store.find(session.sessionId)
      if (!wait || wait.totpSecret === '') return wrong('totp_secret_required', { counts: false })
      return redeem('', session, code)
    },
  }
}

const FAULTS = {
  wrong: 'totp_code_wrong',
  over: 'totp_code_wrong',
  expired: 'totp_login_expired',
  unknown: 'totp_login_unknown',
} as const satisfies Record<Exclude<Redemption['kind'], 'right'>, string>

const wrong = (
  key: (typeof FAULTS)[keyof typeof FAULTS] | 'too_many_attempts' | 'totp_secret_required',
  { counts, isOver = false }: { readonly counts: boolean; readonly isOver?: boolean },
): FactorVerdict => ({ kind: 'wrong', error: apiError(key), counts, isOver })
