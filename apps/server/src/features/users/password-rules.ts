import { apiError } from '@rport/api'
import { BCRYPT_MAX_BYTES, type HashAlgorithm } from '../../passwords/index.ts'

/** What a new password must be like. */
export interface PasswordRules {
  /** Bytes, as the original counts. */
  readonly minLength: number
}

/** Longer ones only cost time. */
const MAX_BYTES = 1024

/**
 * Refuses a new password that breaks the rules.
 * @throws ApiError password_too_short, password_too_long
 */
export function checkNewPassword(password: string, rules: PasswordRules, algorithm: HashAlgorithm): void {
  const bytes = Buffer.byteLength(password)
  if (bytes < rules.minLength) throw apiError('password_too_short', { minLength: rules.minLength })
  const maxLength = algorithm === 'bcrypt' ? BCRYPT_MAX_BYTES : MAX_BYTES
  if (bytes > maxLength) throw apiError('password_too_long', { maxLength })
}
