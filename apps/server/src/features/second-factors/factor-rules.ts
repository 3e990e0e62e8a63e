import { apiError } from '@rport/api'
import { type Clock, errorMessage, withDeadline } from '@rport/kit'
import type { FactorRules } from '../users/index.ts'
import type { CodeDelivery } from './deliveries/index.ts'
import { parseAppUrl } from './totp.ts'

export interface FactorRulesDeps {
  /** undefined: no codes are delivered. */
  readonly delivery: CodeDelivery | undefined
  readonly sendTimeoutMs: number
  readonly totpEnabled: boolean
  readonly clock: Clock
}

/** What may be said about second factors in the account of a user. */
export function createFactorRules({ delivery, sendTimeoutMs, totpEnabled, clock }: FactorRulesDeps): FactorRules {
  return {
    keepsSendTo: delivery !== undefined,
    needsSendTo: delivery !== undefined,

    async sendToFault(sendTo) {
      if (!delivery) return undefined
      const ask = (signal: AbortSignal) => delivery.receiverFault(sendTo, signal)
      const reason = await withDeadline(ask, { timeoutMs: sendTimeoutMs, clock }).catch(errorMessage)
      return reason === undefined ? undefined : apiError('two_fa_send_to_invalid', { reason })
    },

    totpSecretFault(url) {
      if (!totpEnabled) return apiError('totp_disabled')
      return parseAppUrl(url) ? undefined : apiError('totp_secret_invalid')
    },
  }
}
