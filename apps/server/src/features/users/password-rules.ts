import { type ApiError, apiError } from '@rport/api'
import {
  BCRYPT_MAX_BYTES,
  createStrengthMeter,
  type HashAlgorithm,
  LimiterFull,
  type StrengthMeter,
} from '../../passwords/index.ts'

/** What a new password is for. */
export interface NewPassword {
  readonly password: string
  /** How it will be stored. */
  readonly algorithm: HashAlgorithm
  /** The names of the user, old and new: whoever guesses tries them first. */
  readonly usernames: readonly string[]
}

/** What new passwords must be like, wherever one is set. */
export interface PasswordRules {
  /** What is wrong with a new password; undefined: nothing. */
  faultOf(candidate: NewPassword): Promise<ApiError | undefined>
  /**
   * Refuses a new password that breaks the rules.
   * @throws ApiError password_too_short, password_too_long, password_too_guessable, too_many_requests_at_once
   */
  check(candidate: NewPassword): Promise<void>
}

export interface PasswordRulesOptions {
  /** Bytes, as the original counts. */
  readonly minLength: number
  /** Smallest zxcvbn score, 0 to 4; every password has 0, so 0 and below ask for nothing. */
  readonly minScore: number
  readonly meter?: StrengthMeter
}

/** Longer ones only cost time. */
const MAX_BYTES = 1024

export function createPasswordRules({ minLength, minScore, meter }: PasswordRulesOptions): PasswordRules {
  const strength = meter ?? createStrengthMeter()

  const guessFault = async ({ password, usernames }: NewPassword): Promise<ApiError | undefined> => {
    if (minScore <= 0) return undefined
    try {
      const { score, advice } = await strength.estimate({ password, known: usernames })
      return score < minScore
        ? apiError('password_too_guessable', { score, minScore, advice: advice === '' ? '' : `. ${advice}` })
        : undefined
    } catch (error) {
      if (error instanceof LimiterFull) return apiError('too_many_requests_at_once', {}, { cause: error })
      throw error
    }
  }

  const faultOf = async (candidate: NewPassword): Promise<ApiError | undefined> => {
    const bytes = Buffer.byteLength(candidate.password)
    if (bytes < minLength) return apiError('password_too_short', { minLength })
    const maxLength = candidate.algorithm === 'bcrypt' ? BCRYPT_MAX_BYTES : MAX_BYTES
    return bytes > maxLength ? apiError('password_too_long', { maxLength }) : guessFault(candidate)
  }

  return {
    faultOf,
    async check(candidate) {
      const fault = await faultOf(candidate)
      if (fault) throw fault
    },
  }
}
