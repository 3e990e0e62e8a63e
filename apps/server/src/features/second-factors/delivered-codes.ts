import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { apiError } from '@rport/api'
import { type Clock, errorMessage, type Logger, type Secret, withDeadline } from '@rport/kit'
import type { SecondFactor } from '../login/index.ts'
import type { CodeDelivery } from './deliveries/index.ts'
import type { FactorStore } from './factor-store.ts'
import type { Guesses } from './guesses.ts'

export interface DeliveredCodesDeps {
  readonly delivery: CodeDelivery
  readonly store: FactorStore
  readonly guesses: Guesses
  /** Codes are short: whoever reads the database must not find them by trying. */
  readonly key: Secret
  readonly lifetimeMs: number
  readonly sendTimeoutMs: number
  readonly clock: Clock
  readonly log: Logger
}

/** compat: six letters and digits. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const CODE_LENGTH = 6

/** A second factor that is a code, sent to the user. A code belongs to one login and is good once. */
export function createDeliveredCodes(deps: DeliveredCodesDeps): SecondFactor {
  const { delivery, store, guesses, lifetimeMs, sendTimeoutMs, clock, log } = deps

  const hashOf = (sessionId: number, code: string): string =>
    createHmac('sha256', `second factor ${deps.key.reveal()}`).update(`${sessionId} ${code}`).digest('base64url')

  return {
    windowMs: lifetimeMs,

    async dueFor({ twoFaSendTo: sendTo }) {
      if (sendTo === '') throw apiError('two_fa_send_to_missing')
      return { sendTo, deliveryMethod: delivery.method, totpKeyStatus: '' }
    },

    async ask({ sessionId, username, origin }, sendTo) {
      const { address, userAgent } = origin
      if (!guesses.maySend(username, address)) throw apiError('too_many_attempts')
      const code = newCode()
      const now = clock.now()
      const codeHash = hashOf(sessionId, code)
      await store.await({ sessionId, username, codeHash, totpSecret: '', expiresAt: now + lifetimeMs }, now)
      const message = { sendTo, code, lifetimeMs, userAgent, address }
      try {
        await withDeadline((signal) => delivery.send(message, signal), { timeoutMs: sendTimeoutMs, clock })
      } catch (error) {
        log.error({ username, method: delivery.method, reason: errorMessage(error) }, 'code could not be sent')
        throw apiError('two_fa_not_sent', {}, { cause: error })
      }
    },

    async judge({ sessionId, username, origin }, claimedName, code) {
      const { address } = origin
      if (guesses.isHeld(username, address)) {
        return { kind: 'wrong', error: apiError('too_many_attempts'), counts: false, isOver: false }
      }
      // The code of one user is nothing to another one's login, whatever name comes with it.
      if (claimedName !== username) {
        guesses.wrong(username, address)
        return { kind: 'wrong', error: apiError('two_fa_login_unknown'), counts: true, isOver: false }
      }
      const given = Buffer.from(hashOf(sessionId, code.trim()))
      const { kind } = await store.redeem(sessionId, clock.now(), (wait) =>
        wait.codeHash !== '' && timingSafeEqual(given, Buffer.from(wait.codeHash)) ? { kind: 'code' } : undefined,
      )
      if (kind === 'right') {
        guesses.right(username, address)
        return { kind }
      }
      if (kind === 'unknown' || kind === 'expired') {
        const error = apiError(kind === 'unknown' ? 'two_fa_login_unknown' : 'two_fa_code_expired')
        return { kind: 'wrong', error, counts: false, isOver: false }
      }
      guesses.wrong(username, address)
      return { kind: 'wrong', error: apiError('two_fa_code_wrong'), counts: true, isOver: kind === 'over' }
    },
  }
}

const newCode = (): string =>
  Array.from({ length: CODE_LENGTH }, () => LETTERS[randomInt(LETTERS.length)] ?? '').join('')
