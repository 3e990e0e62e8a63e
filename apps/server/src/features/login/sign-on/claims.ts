import { apiError } from '@rport/api'

/** What a provider says of somebody: an ID token, with what its userinfo adds. */
export type Claims = Readonly<Record<string, unknown>>

/** Most roles that are looked at. */
const MAX_ROLES = 5000

/** The value of a claim: by its whole name, else along its dots into objects (`realm_access.roles`). */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Claims)[step]
  }
  return value
}

/**
 * The name of the user.
 * @throws ApiError sign_on_refused when there is none, or an address of which the provider does not say that it is the user's
 */
export function usernameIn(claims: Claims, claim: string): string {
  const value = claimAt(claims, claim)
  if (typeof value !== 'string' || value.trim() === '') {
    throw apiError('sign_on_refused', { reason: `it does not tell the claim ${claim}` })
  }
  // Anybody may write any address into a profile; some providers tell verified as a text.
  const isVerified = claims['email_verified'] === true || claims['email_verified'] === 'true'
  if (claim === 'email' && !isVerified) {
    throw apiError('sign_on_refused', { reason: 'it has not verified the email address' })
  }
  return value
}

/** The roles in a claim: a list of texts, or one text with commas or spaces between them. */
export function rolesIn(claims: Claims, claim: string | undefined): string[] {
  const value = claim === undefined ? undefined : claimAt(claims, claim)
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((role) => role !== '')
  if (!Array.isArray(value)) return []
  return value.slice(0, MAX_ROLES).filter((role) => typeof role === 'string')
}
