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
