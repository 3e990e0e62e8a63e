import { type ApiError, apiError } from '@rport/api'
import { BCRYPT_MAX_BYTES, type HashAlgorithm } from '../../passwords/index.ts'

/** What a new password must be like. */
export interface PasswordRules {
  /** Bytes, as the original counts. */
  readonly minLength: number
}

/** Longer ones only cost time. */
const MAX_BYTES = 1024

/** What is wrong with a new password; undefined: nothing. */
export function findPasswordFault(
  password: string,
  rules: PasswordRules,
  algorithm: HashAlgorithm,
): ApiError | undefined {
  const bytes = Buffer.byteLength(password)
  if (bytes < rules.minLength) return apiError('password_too_short', { minLength: rules.minLength })
  const maxLength = algorithm === 'bcrypt' ? BCRYPT_MAX_BYTES : MAX_BYTES
  return bytes > maxLength ? apiError('password_too_long', { maxLength }) : undefined
}

/**
 * Refuses a new password that breaks the rules.
 * @throws ApiError password_too_short, password_too_long
 */
export function checkNewPassword(password: string, rules: PasswordRules, algorithm: HashAlgorithm): void {
  const fault = findPasswordFault(password, rules, algorithm)
  if (fault) throw fault
}
