import type { ApiError } from '@rport/api'

/** What may be said about second factors in the account of a user; written by the feature second-factors. */
export interface FactorRules {
  /** Whether codes are delivered: only then has an account an address for them. */
  readonly keepsSendTo: boolean
  /** Whether a new user must have one. */
  readonly needsSendTo: boolean
  /** What is wrong with an address for codes; undefined: nothing. */
  sendToFault(sendTo: string): Promise<ApiError | undefined>
  /** What is wrong with the otpauth URL of an app; undefined: nothing. */
  totpSecretFault(url: string): ApiError | undefined
}
