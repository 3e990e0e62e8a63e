/** Values bound to placeholders, by `type:name`. */
export type Variables = Record<string, unknown>

export interface Difference {
  path: string
  expected: unknown
  actual: unknown
  why: string
}

/** Compares a value with a recorded template; binds the placeholders it meets for the first time. */
export function match(template: unknown, actual: unknown, variables: Variables): Difference[]

/** What an authenticator app shows for a base32 secret (RFC 6238). @param at  milliseconds since 1970; absent: now */
export function totpCode(secret: string, at?: number): string
