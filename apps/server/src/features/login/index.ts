/**
 * Logging in and out: who is behind a request, sessions and their tokens, slowing down those who guess.
 * Not for what somebody may do (features/users) nor for hashing (passwords).
 * Start at create-login.ts, then authenticator.ts and lockout.ts.
 */
export { createLogin, type Login, type LoginDeps } from './create-login.ts'
export type { CredentialCheck, CredentialVerdict } from './credential-check.ts'
export { loadJwtSecret } from './jwt-secret.ts'
export { createLockout, type Lockout, type LockoutOptions } from './lockout.ts'
export type { DueFactor, FactorVerdict, SecondFactor, WaitingLogin } from './second-factor.ts'
export { endStoredSessions } from './session-store.ts'
export type { Session, Sessions } from './sessions.ts'
