import { apiError } from '@rport/api'
import { Secret } from '@rport/kit'
import { createLockout, createLogin, type Login, type LoginDeps } from '../features/login/index.ts'
import { createPasswordRules, type FactorRules } from '../features/users/index.ts'

/** The rules of a server without second factors. */
const noFactors: FactorRules = {
  keepsSendTo: false,
  needsSendTo: false,
  sendToFault: async () => undefined,
  totpSecretFault: () => apiError('totp_disabled'),
}

/** What accounts hang together with, where nothing but passwords of 14 letters is in use. */
export const plainAccounts = {
  passwordRules: createPasswordRules({ minLength: 14, minScore: 0 }),
  factorRules: noFactors,
  factors: { forget: async () => undefined },
  passOn: async () => undefined,
}

/**
 * Logging in with a password and nothing else, as often as anybody likes, without API tokens; `deps` says what a test needs
 * beyond that. The caller closes it.
 */
export function createPlainLogin(
  deps: Pick<LoginDeps, 'db' | 'directory' | 'passwords' | 'clock' | 'log'> & Partial<LoginDeps>,
): Login {
  const { clock, log } = deps
  return createLogin({
    passwordRules: plainAccounts.passwordRules,
    lockout: createLockout({ waitMs: 0, maxFailed: 0, banMs: 0, clock, log }),
    apiTokens: { judge: async () => ({ kind: 'no-token' }) },
    jwtSecret: new Secret('of a test'),
    secondFactor: undefined,
    maxTokenLifetimeHours: 0,
    headerLogin: undefined,
    signOn: undefined,
    vouchedUsers: { createMissing: false, defaultGroup: 'operators' },
    ...deps,
  })
}
