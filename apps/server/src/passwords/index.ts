/**
 * How passwords are hashed and checked, for users and for agents alike.
 * Not for rules about good passwords (features/users) nor for who may try how often (features/login).
 * Start at passwords.ts.
 */
export { BCRYPT_MAX_BYTES } from './bcrypt.ts'
export { LimiterFull } from './limiter.ts'
export { createPasswords, type Passwords, type PasswordsOptions } from './passwords.ts'
export { classifyStoredPassword, type HashAlgorithm, needsRehash, type StoredPassword } from './stored-password.ts'
export { createStrengthMeter, type StrengthAnswer, type StrengthMeter, type StrengthQuestion } from './strength.ts'
