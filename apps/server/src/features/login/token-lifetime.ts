import { apiError, MAX_TOKEN_LIFETIME_SECONDS, parseIntText } from '@rport/api'
import { MS_PER_SECOND } from '@rport/kit'

const DEFAULT_SECONDS = 600

/**
 * Reads `token-lifetime`, which is in seconds; absent, empty, zero and below mean ten minutes.
 * @returns milliseconds
 * @throws  ApiError token_lifetime_invalid, token_lifetime_too_long
 */
export function parseTokenLifetime(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_SECONDS * MS_PER_SECOND
  const seconds = parseIntText(text)
  if (seconds === undefined) {
    const found = JSON.stringify(text.slice(0, 50))
    throw apiError('token_lifetime_invalid', { reason: `expected a whole number of seconds, found ${found}` })
  }
  if (seconds > MAX_TOKEN_LIFETIME_SECONDS) {
    throw apiError('token_lifetime_too_long', { maxSeconds: MAX_TOKEN_LIFETIME_SECONDS })
  }
  return (seconds <= 0 ? DEFAULT_SECONDS : seconds) * MS_PER_SECOND
}
