/**
 * What comes after the password: codes that are sent, codes of an authenticator app (TOTP), recovery codes.
 * Not for when a login asks for them (features/login) nor for where the secrets of apps are kept (features/users).
 * Start at create-second-factors.ts, then delivered-codes.ts, app-codes.ts and factor-store.ts.
 */
export { createSecondFactors, type SecondFactors, type SecondFactorsDeps } from './create-second-factors.ts'
export type { CodeDelivery } from './deliveries/index.ts'
export { forgetStoredFactors } from './factor-store.ts'
export { openCodeDelivery } from './open-code-delivery.ts'
export { loadSecretSealing } from './secret-sealing.ts'
