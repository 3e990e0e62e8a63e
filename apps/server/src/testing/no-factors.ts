import { apiError } from '@rport/api'
import type { FactorRules } from '../features/users/index.ts'

/** The rules of a server without second factors. */
export const noFactors: FactorRules = {
  keepsSendTo: false,
  needsSendTo: false,
  sendToFault: async () => undefined,
  totpSecretFault: () => apiError('totp_disabled'),
}
