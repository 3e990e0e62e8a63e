import { apiError } from '@rport/api'
import type { Actor, Credentials } from './actor.ts'
import type { Attempt, Authenticator } from './doors.ts'

/**
 * Finds out who asks.
 * @throws what the authenticator refuses with: unauthorized, password_expired, too_many_attempts, …
 */
export async function authenticate(
  authenticator: Authenticator,
  credentials: Credentials,
  attempt: Attempt,
): Promise<Actor> {
  const outcome = await judge(authenticator, credentials, attempt)
  if (outcome.kind === 'refused') throw outcome.error
  // A name with nothing in it is nobody, whatever a store thinks of it.
  if (outcome.actor.username === '') throw apiError('unauthorized')
  return outcome.actor
}

function judge(authenticator: Authenticator, credentials: Credentials, attempt: Attempt) {
  switch (credentials.kind) {
    case 'basic':
      return authenticator.basic(credentials.name, credentials.password, attempt)
    case 'bearer':
      return authenticator.bearer(credentials.token, attempt)
    case 'none':
      return authenticator.anonymous(attempt)
  }
}
